import { SqsError } from './sqs-error.ts';

const mostEntries = 10;

interface Failure {
  readonly Id: string;
  readonly SenderFault: true;
  readonly Code: string;
  readonly Message: string;
}

export interface BatchAnswer<Success> extends Readonly<Record<string, unknown>> {
  readonly Successful: readonly (Success & { readonly Id: string })[];
  readonly Failed: readonly Failure[];
}

/**
 * Runs the entries of a batch one by one; what is wrong with one is said about that one only.
 * @throws {SqsError} when the batch as a whole is not right
 */
export function runBatch<Entry extends { readonly Id: string }, Success>(
  entries: readonly Entry[],
  run: (entry: Entry) => Success,
): BatchAnswer<Success> {
  assertBatch(entries.map(({ Id }) => Id));
  const Successful: (Success & { Id: string })[] = [];
  const Failed: Failure[] = [];
  for (const entry of entries) {
    const { Id } = entry;
    try {
      Successful.push({ ...run(entry), Id });
    } catch (error) {
      if (!(error instanceof SqsError)) throw error;
      Failed.push({ Id, SenderFault: true, Code: error.queryCode, Message: error.message });
    }
  }
  return { Successful, Failed };
}

function assertBatch(ids: readonly string[]): void {
  if (ids.length === 0) {
    throw new SqsError('EmptyBatchRequest', 'There should be at least one entry in the request.');
  }
  if (ids.length > mostEntries) {
    const message = `Maximum number of entries per request are ${mostEntries}. You have sent ${ids.length}.`;
    throw new SqsError('TooManyEntriesInBatchRequest', message);
  }
  for (const [index, id] of ids.entries()) {
    if (!/^[\w-]{1,80}$/u.test(id)) {
      const rule = 'can only contain alphanumeric characters, hyphens and underscores';
      throw new SqsError(
        'InvalidBatchEntryId',
        `A batch entry id ${rule}. It can be at most 80 letters long.`,
      );
    }
    if (ids.indexOf(id) < index) throw new SqsError('BatchEntryIdsNotDistinct', `Id ${id} repeated.`);
  }
}
