import { parseArgs } from 'node:util';
import { isJobState, openStates, type JobState } from '../lib/jobs.ts';
import { reasons } from '../lib/reasons.ts';
import { ReaderError } from './reader-error.ts';

export interface ReplayOptions {
  readonly state: JobState;
  readonly reason: string | undefined;
  readonly source: string | undefined;
  /** Jobs that have changed since then. */
  readonly since: Date | undefined;
  readonly limit: number;
  readonly perSecond: number;
  readonly isDryRun: boolean;
  readonly isJson: boolean;
}

const options = {
  state: { type: 'string', default: 'failed' },
  reason: { type: 'string' },
  source: { type: 'string' },
  since: { type: 'string' },
  limit: { type: 'string', default: 'all' },
  rate: { type: 'string', default: '10' },
  'dry-run': { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false, short: 'h' },
} as const;

/**
 * Reads the arguments behind `npm run replay --`; null when they ask for help.
 * @throws ReaderError that says what is wrong with them
 */
export function parseReplayOptions(arguments_: readonly string[], now = new Date()): ReplayOptions | null {
  const { state, reason, source, since, limit, rate, help, ...flags } = parse(arguments_);
  if (help) return null;
  const states = ['failed', ...openStates];
  if (!isJobState(state) || !states.includes(state))
    throw usageError(`--state must be one of ${states.join(', ')}: what has ended well is not tried again.`);
  if (reason !== undefined && state !== 'failed')
    throw usageError('--reason goes with failed jobs: the others have none.');
  if (reason !== undefined && !Object.hasOwn(reasons, reason))
    throw usageError(`There is no reason “${reason}”. There are: ${Object.keys(reasons).join(', ')}.`);
  if (source === '') throw usageError('--source is empty.');
  return {
    state,
    reason,
    source,
    since: since === undefined ? undefined : parseSince(since, now),
    limit: limit === 'all' ? Infinity : parseNumber('limit', limit, 'a whole number from 1 on, or all'),
    perSecond: Math.min(50, parseNumber('rate', rate, 'a whole number from 1 on')),
    isDryRun: flags['dry-run'],
    isJson: flags.json,
  };
}

function parse(arguments_: readonly string[]) {
  try {
    return parseArgs({ args: [...arguments_], options }).values;
  } catch (error) {
    // Its first sentence names the option; the others are about programs that take one that begins with a dash.
    throw usageError(error instanceof Error ? (error.message.split(/(?<=\.) |\n/)[0] ?? '') : String(error));
  }
}

const unitMs: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

function parseSince(text: string, now: Date): Date {
  const [, amount = '', unit = ''] = /^(\d{1,5})([mhd])$/.exec(text) ?? [];
  if (unit !== '') return new Date(now.getTime() - Number(amount) * (unitMs[unit] ?? 0));
  const isInstant = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2}))?$/.test(
    text,
  );
  const instant = new Date(text);
  if (isInstant && !Number.isNaN(instant.getTime())) return instant;
  throw usageError('--since must be such as 30m, 2h or 7d, or an ISO time such as 2026-11-26T12:00:00Z.');
}

function parseNumber(option: string, text: string, rule: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw usageError(`--${option} must be ${rule}.`);
}

function usageError(message: string): ReaderError {
  return new ReaderError(`${message}\nnpm run replay -- --help shows what there is.`, 2);
}
