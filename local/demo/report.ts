import { styleText } from 'node:util';
import { durationMs } from './delivery.ts';
import type { Evidence, Finding } from './evidence.ts';
import { stateText } from './my-files-findings.ts';
import type { PersonalOutcome } from './my-files-outcome.ts';
import type { Outcome } from './outcome.ts';
import { textTable } from '../text-table.ts';
import { bytesText, secondsText } from './wording.ts';

const shortIdLength = 8;

/** The table of what became of every file. Where it is too wide for the terminal, asset ids are cut short. */
export function tableOf(outcomes: readonly Outcome[], columns = Infinity): string[] {
  const [title = '', ...lines] = tableWithIds(outcomes, Infinity);
  return title.length <= columns ? [title, ...lines] : tableWithIds(outcomes, shortIdLength);
}

function tableWithIds(outcomes: readonly Outcome[], idLength: number): string[] {
  return textTable(outcomes, [
    { title: 'File', align: 'left', cell: ({ delivery }) => delivery.title },
    { title: 'Size', align: 'right', cell: ({ delivery }) => bytesText(delivery.publication.content.size) },
    { title: 'Asset', align: 'left', cell: ({ asset }) => asset?.id.slice(0, idLength) ?? 'none' },
    { title: 'State', align: 'left', cell: ({ delivery }) => delivery.state, paint: paintOutcome },
    {
      title: 'MD5',
      align: 'left',
      cell: ({ bytes }) => (bytes === 'unwanted' ? '–' : bytes),
      paint: paintOutcome,
    },
    { title: 'Time', align: 'right', cell: ({ delivery }) => secondsText(durationMs(delivery)) },
    { title: 'Showpad calls', align: 'right', cell: ({ showpadCalls }) => String(showpadCalls ?? '–') },
  ]);
}

function paintOutcome(text: string, { faults }: Outcome): string {
  return styleText(faults.length > 0 ? 'red' : 'green', text);
}

/** The table of what became of the files that were pushed to people, person by person. */
export function personalTableOf(outcomes: readonly PersonalOutcome[]): string[] {
  const paint = (text: string, { isKnown, state, bytes }: PersonalOutcome): string => {
    const isRight = isKnown ? state === 'done' && bytes === 'equal' : state === 'failed';
    return styleText(isRight ? 'green' : 'red', text);
  };
  return textTable(outcomes, [
    { title: 'File', align: 'left', cell: ({ push }) => push.fileName },
    { title: 'My Files of', align: 'left', cell: ({ email }) => email },
    { title: 'State', align: 'left', cell: stateText, paint },
    {
      title: 'MD5',
      align: 'left',
      cell: ({ bytes }) => (bytes === 'unwanted' ? '–' : bytes),
      paint,
    },
    { title: 'Copies', align: 'right', cell: ({ copies }) => String(copies) },
    { title: 'Ticket asked', align: 'right', cell: ({ ticketLooks }) => ticketText(ticketLooks) },
  ]);
}

function ticketText(looks: number | null): string {
  return looks === null ? 'no ticket' : `${looks}×`;
}

/** What the columns mean that do not say so themselves. */
export const tableLegend =
  'Time: from the acceptance of the event to the end of its job. Showpad calls: lookup, creation, uploads, polls.';

/** One sentence on the whole. */
export function summaryOf({ outcomes, steps, pushes, requests, library, elapsedMs }: Evidence): string {
  const files = library.assets.flatMap((asset) => asset.files.filter(({ status }) => status === 'active'));
  const uploads = files.flatMap((file) => file.uploads);
  const sentBytes = uploads.reduce((sum, { size }) => sum + size, 0);
  const events = outcomes.length + Object.values(steps).length + Object.values(pushes).length;
  const personal = library.users.reduce((sum, { myFiles }) => sum + myFiles.assets.length, 0);
  const usable = library.assets.filter(({ status }) => status === 'active').length;
  const forTags = requests.filter(({ path }) => path.split('/').includes('tags')).length;
  return `${events} events made ${usable} assets usable and put ${personal} files into people's My Files in ${secondsText(elapsedMs)}: ${uploads.length} uploads into the library, ${bytesText(sentBytes)}, ${requests.length} calls to Showpad (${forTags} of them to find or make tags).`;
}

/** What was shown, a line for each finding, and below it whatever speaks against it. */
export function findingLines(findings: readonly Finding[]): string[] {
  const width = Math.max(...findings.map(({ title }) => title.length));
  return findings.flatMap(({ title, text, faults }) => [
    faults.length === 0
      ? `  ${styleText('green', '✓')} ${title.padEnd(width)}  ${text}`
      : `  ${styleText('red', '✗')} ${title.padEnd(width)}  ${styleText('red', faults.join('; '))}`,
  ]);
}
