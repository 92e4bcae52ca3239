import type { WriteStream } from 'node:tty';
import { styleText } from 'node:util';
import { durationMs, hasEnded } from './delivery.ts';
import type { Watched } from './delivery.ts';
import { bytesText, secondsText } from './wording.ts';

/** Where events are watched while they are on their way. */
export interface Progress {
  readonly onChange: (one: Watched) => void;
  /** Shows where everything stands, and nothing more from then on. May be called again. */
  readonly close: () => void;
}

const repaintMs = 100;
const spinner = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const stages = ['received', 'staging', 'staged', 'uploading', 'processing', 'done'];
const hideCursor = '\u001B[?25l';
const showCursor = '\u001B[?25h';
const clearToEnd = '\u001B[J';

/** A line for each event, redrawn in place on a terminal that has room for them; elsewhere a line for each change. */
export function startProgress(watched: readonly Watched[], output: WriteStream): Progress {
  const hasRoom = output.isTTY && process.env['TERM'] !== 'dumb' && output.rows > watched.length + 1;
  return hasRoom ? startRedrawing(watched, output) : startListing(watched, output);
}

function startListing(watched: readonly Watched[], output: NodeJS.WritableStream): Progress {
  const startedAtMs = performance.now();
  const width = titleWidth(watched);
  return {
    onChange: ({ title, state, detail }) => {
      const at = secondsText(performance.now() - startedAtMs).padStart(8);
      output.write(`${at}  ${title.padEnd(width)}  ${state}${detail === '' ? '' : `: ${detail}`}\n`);
    },
    close: () => undefined,
  };
}

function startRedrawing(watched: readonly Watched[], output: WriteStream): Progress {
  const width = titleWidth(watched);
  let frame = 0;
  let drawnLines = 0;
  let isClosed = false;
  const draw = (): void => {
    const lines = watched.map((one) => lineOf(one, width, frame, output.columns));
    const backToTop = drawnLines === 0 ? '' : `\u001B[${drawnLines}A\r`;
    output.write(`${backToTop}${clearToEnd}${lines.join('\n')}\n`);
    drawnLines = lines.length;
  };
  const restore = (): void => {
    output.write(showCursor);
  };
  output.write(hideCursor);
  process.on('exit', restore);
  draw();
  const timer = setInterval(() => {
    frame += 1;
    draw();
  }, repaintMs);
  return {
    onChange: () => undefined,
    close: () => {
      if (isClosed) return;
      isClosed = true;
      clearInterval(timer);
      draw();
      restore();
      process.off('exit', restore);
    },
  };
}

function titleWidth(watched: readonly Watched[]): number {
  return Math.max(...watched.map(({ title }) => title.length));
}

/** Cut to the terminal's width before it is coloured: a line that wraps could not be redrawn. */
function lineOf(one: Watched, width: number, frame: number, columns: number): string {
  const { title, size: bytes, state, detail, expected, sentAtMs } = one;
  const size = (bytes === undefined ? '–' : bytesText(bytes)).padStart(8);
  const elapsedMs = sentAtMs === undefined ? 0 : performance.now() - sentAtMs;
  const time = sentAtMs === undefined ? '' : secondsText(hasEnded(one) ? durationMs(one) : elapsedMs);
  const reached = state === expected ? stages.length : stages.indexOf(state) + 1;
  const bar = '━'.repeat(reached).padEnd(stages.length, '─');
  const text = `${title.padEnd(width)}  ${size}  ${bar}  ${state.padEnd(10)}  ${time.padStart(6)}  ${detail}`;
  const shown = text.slice(0, Math.max(0, columns - 5));
  if (!hasEnded(one)) {
    if (sentAtMs === undefined) return `  ${styleText('dim', `· ${shown}`)}`;
    return `  ${styleText('cyan', spinner[frame % spinner.length] ?? '')} ${shown}`;
  }
  return state === expected ? `  ${styleText('green', '✓')} ${shown}` : `  ${styleText('red', `✗ ${shown}`)}`;
}
