import type { RequestRecord } from '../local/showpad/request-log.ts';
import type { InvocationLog } from './invocation-log.ts';
import type { Report, Row } from './report.ts';
import { median } from './statistics.ts';

/** What is watched: so many tickets, each looked at so often, for so many of these waits. */
export interface Schedule {
  readonly tickets: number;
  /** The compressed wait between two looks at a ticket. */
  readonly pollSeconds: number;
  readonly intervals: number;
}

/** The wait that template.yaml gives. */
const deployedPollSeconds = 30;
const ticketPath = /\/tickets\/([^/]+)\.json$/;

/**
 * What ran and what Showpad was asked between two moments, beside what the schedule says.
 * @param invocations all of them, every one ended
 * @param requests all that Showpad received, oldest first
 */
export function reportWaiting(
  { tickets, pollSeconds, intervals }: Schedule,
  invocations: InvocationLog,
  requests: readonly RequestRecord[],
  window: { readonly fromMs: number; readonly untilMs: number },
): Report {
  const { fromMs, untilMs } = window;
  const seconds = (untilMs - fromMs) / 1_000;
  const asked = requests.map(({ method, path, receivedAt }) => ({
    ticketId: method === 'GET' ? ticketPath.exec(path)?.[1] : undefined,
    atMs: Date.parse(receivedAt),
  }));
  const calls = asked.filter(({ atMs }) => atMs >= fromMs && atMs < untilMs);
  const looks = calls.filter(({ ticketId }) => ticketId !== undefined);
  const gaps = gapsSeconds(asked, fromMs, untilMs);
  const ran = invocations.between(fromMs, untilMs);
  const polls = ran.filter(({ functionName }) => functionName === 'poll-processing');
  const messages = sumOf(polls.map((poll) => poll.messages));
  const everyLook = asked.filter(({ ticketId }) => ticketId !== undefined).length;
  const everyMessage = sumOf(
    invocations
      .between(0, Infinity)
      .filter(({ functionName }) => functionName === 'poll-processing')
      .map((poll) => poll.messages),
  );
  const busyMs = sumOf(ran.map(({ durationMs }) => durationMs));
  const meanGap = sumOf(gaps) / gaps.length;
  const hourly = (wait: number): number => Math.round((tickets * 3_600) / wait);
  const row = (what: string, measured: number, schedule: number | string): Row => ({
    what,
    measured,
    schedule: String(schedule),
  });
  return {
    title: `waiting-tickets: ${tickets} tickets that stay unfinished, one look every ${pollSeconds} s, watched for ${intervals} waits`,
    rows: [
      row(
        `looks at tickets in ${Math.round(seconds)} s`,
        looks.length,
        Math.round((tickets * seconds) / pollSeconds),
      ),
      row('other calls to Showpad', calls.length - looks.length, 0),
      row('invocations of poll-processing', polls.length, `${Math.ceil(messages / 10)} to ${messages}`),
      row('invocations of other functions', ran.length - polls.length, 0),
      row('messages of poll-processing, from first to last', everyMessage, everyLook),
      row('seconds between looks, shortest', Math.min(...gaps), `≥ ${pollSeconds * 0.9}`),
      row('seconds between looks, median', median(gaps), pollSeconds),
      row('seconds between looks, longest', Math.max(...gaps), pollSeconds),
      row('ms a function is busy, per look', busyMs / looks.length, '–'),
      row(
        `Showpad calls per hour at ${deployedPollSeconds} s`,
        hourly(deployedPollSeconds + meanGap - pollSeconds),
        hourly(deployedPollSeconds),
      ),
    ],
    notes: [
      'Between two looks a ticket is a delayed message and nothing runs for it: every message is one look, every invocation has 1 to 10 of them.',
      `Per hour: 3600 ÷ (${deployedPollSeconds} s + what a look came late here, ${(meanGap - pollSeconds).toFixed(2)} s on average) for each ticket. The emulators of AWS share this machine, so looks come later than they would there, never earlier; and as looks come in waves, the count in a short time may cut one off.`,
    ],
  };
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

interface Asked {
  readonly ticketId: string | undefined;
  readonly atMs: number;
}

/** The seconds between each look within the window and the look at the same ticket before it. */
function gapsSeconds(asked: readonly Asked[], fromMs: number, untilMs: number): number[] {
  const lastLook = new Map<string, number>();
  const gaps: number[] = [];
  for (const { ticketId, atMs } of asked) {
    if (ticketId === undefined) continue;
    const before = lastLook.get(ticketId);
    if (before !== undefined && atMs >= fromMs && atMs < untilMs) gaps.push((atMs - before) / 1_000);
    lastLook.set(ticketId, atMs);
  }
  return gaps;
}
