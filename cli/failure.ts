import { ShowpadError } from '../lib/showpad/errors.ts';
import { CredentialsRefused } from '../lib/showpad/oauth.ts';
import { readQueryFault } from '../lib/showpad/query.ts';
import type { QueryFault } from '../lib/showpad/query.ts';
import { redact } from '../lib/showpad/redact.ts';
import { ReaderError } from './reader-error.ts';

export interface Failure {
  readonly message: string;
  readonly exitCode: number;
}

interface Situation {
  /** What the command was asked for: an id, a query. */
  readonly operand: string;
  readonly tokenFrom: string;
}

/** What went wrong, to what, and what to do, for the person at the command line. */
export function describeFailure(error: unknown, situation: Situation): Failure {
  if (error instanceof ReaderError) return { message: error.message, exitCode: error.exitCode };
  if (error instanceof RangeError) return { message: redact(error.message), exitCode: 2 };
  if (error instanceof CredentialsRefused) {
    const message = `Showpad refuses the log-in with ${situation.tokenFrom} (${error.reason}).`;
    return { message, exitCode: 1 };
  }
  if (!(error instanceof ShowpadError)) {
    return { message: redact(error instanceof Error ? error.message : String(error)), exitCode: 1 };
  }
  return { message: describeShowpadError(error, situation), exitCode: 1 };
}

function describeShowpadError(error: ShowpadError, { operand, tokenFrom }: Situation): string {
  const fault = readQueryFault(error);
  if (fault !== null) return describeQueryFault(fault, operand);
  switch (error.status) {
    case 401:
      return `Showpad refuses the token of ${tokenFrom}: it is wrong, has expired or was revoked.`;
    case 403:
      return `The token may not do this: it needs more scopes, or its user more rights. ${error.message}`;
    case 404:
      return `Showpad has no “${redact(operand)}”, or the token may not see it. ${error.message}`;
    case 429:
      return `Showpad takes no more calls for now; ${waitOf(error)}. ${error.message}`;
    case null:
      return `Showpad did not answer. Check the address and that it is up. ${error.message}`;
    default:
      return error.message;
  }
}

function waitOf({ retryAfterSeconds }: ShowpadError): string {
  return retryAfterSeconds === null ? 'try again in some minutes' : `try again in ${retryAfterSeconds} s`;
}

const shownBefore = 60;
const shownAfter = 20;

/** The query on one line, cut to where the fault is, with a caret under it. */
export function describeQueryFault({ reason, position }: QueryFault, query: string): string {
  const message = `Showpad does not understand the query. ${reason}`;
  if (position === null) return message;
  // Taken to be counted from 0, so that a fault at the end points behind the last character.
  const at = Math.min(position, query.length);
  const from = Math.max(0, at - shownBefore);
  const to = Math.min(query.length, at + shownAfter);
  const before = `${from > 0 ? '…' : ''}${oneLine(query.slice(from, at))}`;
  const after = `${oneLine(query.slice(at, to))}${to < query.length ? '…' : ''}`;
  return `${message}\n\n  ${before}${after}\n  ${' '.repeat(before.length)}^`;
}

function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]/gu, ' ');
}
