import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';

const demo = fileURLToPath(new URL('../../local/demo/demo.ts', import.meta.url));
const longestMs = 75_000;

interface Run {
  readonly exitCode: number | null;
  readonly lines: readonly string[];
  /** Whether any process of the demo still exists. */
  readonly isAnythingLeft: boolean;
}

/** Runs the demo in a process group of its own; `onLine` may send a signal to all of it, as Ctrl-C does. */
async function runDemo(
  environment: Readonly<Record<string, string>> = {},
  onLine: (line: string, signal: (name: NodeJS.Signals) => void) => void = () => undefined,
): Promise<Run> {
  const child = spawn(process.execPath, [demo], {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NO_COLOR: '1', ...environment },
  });
  const group = -(child.pid ?? 0);
  onTestFinished(() => {
    if (exists(group)) process.kill(group, 'SIGKILL');
  });
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line);
      onLine(line, (name) => process.kill(group, name));
    });
  }
  const exitCode = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { exitCode, lines, isAnythingLeft: exists(group) };
}

function exists(group: number): boolean {
  try {
    process.kill(group, 0);
    return true;
  } catch {
    return false;
  }
}

/** The rows of the table whose first headings are these, as cells. */
function tableRows(lines: readonly string[], headings: string): string[][] {
  const headingAt = lines.findIndex((line) => line.replaceAll(/ +/g, ' ').trim().startsWith(headings));
  const ruleAt = headingAt + 1;
  const columns = (lines[ruleAt] ?? '').trim().split(/ +/).length;
  const rows = lines.slice(ruleAt + 1).map((line) => line.trim().split(/ {2,}/));
  const end = rows.findIndex(({ length }) => length !== columns);
  return rows.slice(0, end);
}

describe('npm run demo', () => {
  test(
    'brings every file into Showpad, shows it in a table and leaves nothing running',
    { timeout: longestMs },
    async () => {
      const { exitCode, lines, isAnythingLeft } = await runDemo();
      expect(exitCode, lines.join('\n')).toBe(0);
      expect(isAnythingLeft).toBe(false);

      const rows = new Map(tableRows(lines, 'File Size').map(([file = '', ...cells]) => [file, cells]));
      const assetId: unknown = expect.stringMatching(/^[0-9a-f]{32}$/);
      const time: unknown = expect.stringMatching(/^\d+\.\d s$/);
      const someCalls: unknown = expect.stringMatching(/^[1-9]\d*$/);
      const usable = (size: string, calls = someCalls): unknown[] => [
        size,
        assetId,
        'done',
        'equal',
        time,
        calls,
      ];
      expect(Object.fromEntries(rows)).toEqual({
        'Flow 200 pitch deck.pptx': usable('116 kB'),
        'Flow 200 price list.xlsx': usable('10 kB'),
        'Flow 200 proposal letter.docx': usable('7 kB'),
        'Flow 200 product picture.png': usable('127 kB'),
        'Flow 200 product video.mp4': usable('560 kB'),
        'Flow 200 field recordings.bin': usable('200.0 MB'),
        'Flow 200 brochure.pdf': usable('99 kB'),
        'Flow 200 brochure.pdf, edition 2': usable('154 kB'),
        'Flow 200 brochure.pdf, unchanged': usable('154 kB', '0'),
        'Flow 200 handout.pdf, autumn': usable('154 kB'),
        'Flow 200 handout.pdf, spring': ['99 kB', assetId, 'superseded', '–', time, '–'],
        'Flow 200 corrupt draft.pdf': ['50 kB', assetId, 'failed', '–', time, someCalls],
      });
      const assetIds = new Set([...rows.values()].map(([, id]) => id));
      expect(assetIds.size).toBe(9);

      const asked: unknown = expect.stringMatching(/^[2-9]×$/);
      const unknown = ['lee@example.com', 'failed (RECIPIENT_UNKNOWN)', '–', '0', 'no ticket'];
      expect(tableRows(lines, 'File My Files of')).toEqual([
        ['Flow 200 offer.pdf', 'jo@example.com', 'done', 'equal', '1', asked],
        ['Flow 200 offer.pdf', 'sam@example.com', 'done', 'equal', '1', asked],
        ['Flow 200 offer.pdf', ...unknown],
        ['Flow 200 photo.png', 'jo@example.com', 'done', 'equal', '1', 'no ticket'],
        ['Flow 200 photo.png', 'sam@example.com', 'done', 'equal', '1', 'no ticket'],
        ['Flow 200 photo.png', ...unknown],
      ]);
      // The polling is shown while it goes on.
      expect(lines.join('\n')).toMatch(/Flow 200 offer\.pdf → 3 people +processing: .*jo asked 1×/);

      const findings = lines
        .filter((line) => /^ +[✓✗]/.test(line))
        .map((line) => line.trim().split(/ {2,}/)[0]);
      expect(findings).toEqual([
        '✓ Delivered twice',
        '✓ New version',
        '✓ Published unchanged',
        '✓ Out of order',
        '✓ Broken file',
        '✓ Metadata',
        '✓ Tags by name',
        '✓ Archive, restore',
        '✓ Kept metadata',
        '✓ Late news',
        '✓ Web page',
        '✓ My Files',
        '✓ Tickets',
        '✓ Unknown person',
        '✓ No duplicates',
        '✓ Nothing stuck',
      ]);
    },
  );

  test(
    'names what went wrong, and uses its own Showpad whatever is set',
    { timeout: longestMs },
    async () => {
      const { exitCode, lines, isAnythingLeft } = await runDemo({
        MAX_FILE_BYTES: '1000000',
        SHOWPAD_V4_URL: 'https://acme.api.showpad.com/v4',
      });
      const output = lines.join('\n');
      expect(exitCode, output).toBe(1);
      expect(isAnythingLeft).toBe(false);
      expect(output).toContain('SHOWPAD_V4_URL is set aside');
      expect(output).toMatch(
        /Flow 200 field recordings\.bin: its job is failed instead of done \(FILE_TOO_LARGE: .+\)/,
      );
    },
  );

  test('ends everything on Ctrl-C', { timeout: longestMs }, async () => {
    let isInterrupted = false;
    const { exitCode, isAnythingLeft } = await runDemo({}, (line, signal) => {
      if (isInterrupted || !line.includes('staging')) return;
      isInterrupted = true;
      signal('SIGINT');
    });
    expect(exitCode).toBe(130);
    expect(isAnythingLeft).toBe(false);
  });
});
