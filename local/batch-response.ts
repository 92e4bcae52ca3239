import type { InvocationResult } from './lambda.ts';

/**
 * Which messages of a batch Lambda deletes after an invocation.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
 * @param reportsFailures whether the mapping has ReportBatchItemFailures.
 */
export function succeededMessages(
  messageIds: readonly string[],
  result: InvocationResult,
  reportsFailures: boolean,
): readonly string[] {
  if (!result.ok) return [];
  if (!reportsFailures) return messageIds;
  const { payload } = result;
  if (payload === null) return messageIds;
  if (typeof payload !== 'object') return [];
  const failures: unknown = 'batchItemFailures' in payload ? payload.batchItemFailures : null;
  if (failures === null) return messageIds;
  if (!Array.isArray(failures)) return [];
  const failed = new Set(failures.map(itemIdentifier));
  const unknown = [...failed].some((id) => id === undefined || !messageIds.includes(id));
  return unknown ? [] : messageIds.filter((id) => !failed.has(id));
}

function itemIdentifier(failure: unknown): string | undefined {
  if (typeof failure !== 'object' || failure === null || !('itemIdentifier' in failure)) return undefined;
  return typeof failure.itemIdentifier === 'string' ? failure.itemIdentifier : undefined;
}
