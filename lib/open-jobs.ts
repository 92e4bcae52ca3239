import { QueryCommand, UpdateCommand, type DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { conditionHeld } from './conditional-write.ts';
import { jobIdOf, jobKey, type JobFault } from './jobs.ts';

export interface OpenJobPage {
  readonly ids: readonly string[];
  /** Where the list goes on; null at its end. */
  readonly next: Readonly<Record<string, unknown>> | null;
}

const pageSize = 100;

/** Jobs of which something is still to come, for those who look after them. Errors are those of the AWS SDK. */
export class OpenJobs {
  readonly #database: DynamoDBDocumentClient;
  readonly #table: string;
  readonly #now: () => Date;

  constructor(database: DynamoDBDocumentClient, table: string, now: () => Date = () => new Date()) {
    this.#database = database;
    this.#table = table;
    this.#now = now;
  }

  /** The oldest jobs that began before a time and have not ended. An index lags: read a job before anything is done. */
  async page(begunBefore: Date, after: OpenJobPage['next']): Promise<OpenJobPage> {
    const { Items = [], LastEvaluatedKey } = await this.#database.send(
      new QueryCommand({
        TableName: this.#table,
        IndexName: 'jobs-by-state',
        KeyConditionExpression: 'phase = :open AND createdAt < :before',
        ExpressionAttributeValues: { ':open': 'open', ':before': begunBefore.toISOString() },
        Limit: pageSize,
        ...(after !== null && { ExclusiveStartKey: after }),
      }),
    );
    return { ids: Items.map(({ pk }) => jobIdOf(String(pk))), next: LastEvaluatedKey ?? null };
  }

  /** Notes on an open job what a function threw; false when there is no such job, or it has ended. */
  noteFault(id: string, fault: Omit<JobFault, 'at'>): Promise<boolean> {
    const at = this.#now().toISOString();
    return this.#note(id, 'SET lastFault = :fault, updatedAt = :at', {
      ':fault': { ...fault, at },
      ':at': at,
    });
  }

  /** Notes that the message of an open job was sent again; that is no change of the job. */
  noteSweep(id: string, count: number): Promise<boolean> {
    return this.#note(id, 'SET sweeps = :sweeps', { ':sweeps': { count, at: this.#now().toISOString() } });
  }

  /** Notes on an open job of an import that, against what was foreseen, more than a file has to be told to Showpad. */
  noteMetadataChange(id: string): Promise<boolean> {
    const names = { '#import': 'import' };
    return this.#note(id, 'SET #import.changesMetadata = :true', { ':true': true }, names);
  }

  #note(
    id: string,
    update: string,
    values: Record<string, unknown>,
    names?: Record<string, string>,
  ): Promise<boolean> {
    return conditionHeld(
      this.#database.send(
        new UpdateCommand({
          TableName: this.#table,
          Key: jobKey(id),
          UpdateExpression: update,
          ConditionExpression: 'phase = :open',
          ExpressionAttributeValues: { ...values, ':open': 'open' },
          ...(names !== undefined && { ExpressionAttributeNames: names }),
        }),
      ),
    );
  }
}
