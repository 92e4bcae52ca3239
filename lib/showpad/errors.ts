import { redact } from './redact.ts';

export interface Problem {
  readonly name: string;
  readonly reason: string;
  readonly category: string;
}

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';
/** The method and path template of a call, such as `POST /assets`: its name in errors and telemetry. */
export type Operation = `${Method} ${string}`;

export interface ShowpadErrorDetails {
  readonly operation: Operation;
  readonly kind: 'response' | 'network' | 'timeout' | 'protocol';
  readonly status?: number | null;
  readonly title: string;
  readonly detail?: string;
  readonly problems?: readonly Problem[];
  readonly retryable?: boolean;
  readonly outcomeUnknown?: boolean;
  readonly retryAfterSeconds?: number | null;
  readonly cause?: unknown;
}

/**
 * Everything that can go wrong in a call to Showpad, whichever API and wire format it came from.
 * Its texts hold no tokens, e-mail addresses or signed URLs.
 */
export class ShowpadError extends Error {
  readonly operation: Operation;
  /** `protocol`: an answer came that is not one of Showpad's. */
  readonly kind: 'response' | 'network' | 'timeout' | 'protocol';
  /** The HTTP status, or the code in a v3 envelope when that is the worse one; null when no answer came. */
  readonly status: number | null;
  readonly title: string;
  readonly detail: string;
  /** What Showpad says about single fields. */
  readonly problems: readonly Problem[];
  /** Whether the same call may succeed later. */
  readonly retryable: boolean;
  /** Whether the effect may have happened all the same: look before doing it again. */
  readonly outcomeUnknown: boolean;
  /** How long Showpad asks to wait, 1 to 900 seconds; null when it does not say. */
  readonly retryAfterSeconds: number | null;

  constructor(details: ShowpadErrorDetails) {
    const title = redact(details.title);
    const detail = redact(details.detail ?? '');
    const problems = (details.problems ?? []).map(({ name, reason, category }) => ({
      name: redact(name),
      reason: redact(reason),
      category: redact(category),
    }));
    super(describe(details, title, detail, problems), { cause: details.cause });
    this.name = 'ShowpadError';
    this.operation = details.operation;
    this.kind = details.kind;
    this.status = details.status ?? null;
    this.title = title;
    this.detail = detail;
    this.problems = problems;
    this.retryable = details.retryable ?? isRetryable(details.kind, this.status);
    this.outcomeUnknown = details.outcomeUnknown ?? isOutcomeUnknown(details, this.status);
    this.retryAfterSeconds = details.retryAfterSeconds ?? null;
  }
}

function describe(
  { operation, status }: ShowpadErrorDetails,
  title: string,
  detail: string,
  problems: readonly Problem[],
): string {
  const reasons = problems.map(({ name, reason }) => `${name}: ${reason}`).join('; ');
  const texts = [title, detail, reasons].filter((text) => text !== '');
  return `${operation} failed${status ? ` with status ${status}` : ''}: ${texts.join(' – ')}`;
}

function isRetryable(kind: ShowpadErrorDetails['kind'], status: number | null): boolean {
  if (kind !== 'response' || status === null) return true;
  return status === 408 || status === 425 || status === 429 || status >= 500;
}

function isOutcomeUnknown({ operation, kind }: ShowpadErrorDetails, status: number | null): boolean {
  if (operation.startsWith('GET ')) return false;
  return kind !== 'response' || status === null || status >= 500;
}
