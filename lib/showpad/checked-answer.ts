import { STATUS_CODES } from 'node:http';
import type * as z from 'zod';
import type { Answer } from './answer.ts';
import { ShowpadError } from './errors.ts';
import type { Operation, ShowpadErrorDetails } from './errors.ts';
import { protocolError } from './exchange.ts';

/**
 * What `schema` reads of an answer.
 * @param judgement what the caller knows better about a failure than its status tells
 * @throws ShowpadError when the answer is a failure or does not have the form of `schema`
 */
export function checkAnswer<T>(
  { operation, schema }: { readonly operation: Operation; readonly schema: z.ZodType<T> },
  answer: Answer & { readonly retryAfterSeconds: number | null },
  judgement: Pick<ShowpadErrorDetails, 'retryable' | 'outcomeUnknown'> = {},
): T {
  const { status, detail, problems, retryAfterSeconds } = answer;
  if (status >= 300) {
    const title = answer.title || (STATUS_CODES[status] ?? 'Unknown status');
    const failure = {
      operation,
      kind: 'response',
      status,
      title,
      detail,
      problems,
      retryAfterSeconds,
    } as const;
    throw new ShowpadError({ ...failure, ...judgement });
  }
  const parsed = schema.safeParse(answer.body);
  if (parsed.success) return parsed.data;
  throw protocolError(operation, status, describeIssues(parsed.error));
}

function describeIssues(error: z.ZodError): string {
  const faults = error.issues
    .slice(0, 5)
    .map(({ path, message }) => `${path.join('.') || 'body'}: ${message}`);
  return `The answer does not have the documented form. ${faults.join('; ')}`;
}
