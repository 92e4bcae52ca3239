import type { Context } from './action.ts';
import type { Queue } from './queue.ts';
import { assertInRange } from './sqs-error.ts';

interface Page {
  readonly MaxResults?: number | undefined;
  readonly NextToken?: string | undefined;
}

/** A page of queues, which are in the order of their names; only those who ask for pages get them. */
export function queueUrlPage(
  queues: readonly Queue[],
  { MaxResults, NextToken = '' }: Page,
  { account, origin }: Context,
): { readonly urls: readonly string[]; readonly next: { readonly NextToken?: string } } {
  assertInRange('MaxResults', MaxResults, 1, 1_000);
  const after = Buffer.from(NextToken, 'base64').toString();
  const left = queues.filter(({ name }) => name > after);
  const shown = left.slice(0, MaxResults ?? 1_000);
  const last = shown.at(-1);
  const hasMore = MaxResults !== undefined && last !== undefined && shown.length < left.length;
  return {
    urls: shown.map((queue) => `${origin}${account.path(queue)}`),
    next: hasMore ? { NextToken: Buffer.from(last.name).toString('base64') } : {},
  };
}
