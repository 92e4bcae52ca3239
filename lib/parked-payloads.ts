import { createHash } from 'node:crypto';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { Items } from './items.ts';
import { jobKey, retentionSeconds } from './jobs.ts';
import type { Payload } from './sources/source.ts';

/** The type of the job of a payload that could not be read. */
export const unreadableType = 'unreadable';

interface ParkedItem {
  readonly door?: Payload['door'];
  readonly headers: Payload['headers'];
  readonly body: Uint8Array;
  readonly receivedAt: string;
}

/** Names a payload: the same for every delivery of it. */
export function payloadId({ headers, body }: Payload): string {
  const digest = createHash('sha256').update(JSON.stringify(headers, Object.keys(headers).toSorted()));
  return `${unreadableType}-${digest.update('\n').update(body).digest('hex').slice(0, 32)}`;
}

/**
 * Payloads that were believed but could not be read, in DynamoDB: `JOB#{id}` / `PAYLOAD`, for as long as their jobs.
 * They are as large as a delivery may be, 384 KiB at most, which an item can hold. Errors are those of the AWS SDK.
 */
export class ParkedPayloads {
  readonly #items: Items;

  constructor(database: DynamoDBDocumentClient, table: string, now: () => Date = () => new Date()) {
    this.#items = new Items(database, table, retentionSeconds, now);
  }

  /** Keeps a payload; where it is kept already, it stays as it first came. */
  async keep(jobId: string, { receivedAt, ...payload }: Payload): Promise<void> {
    await this.#items.create(payloadKey(jobId), { ...payload, receivedAt: receivedAt.toISOString() });
  }

  async get(jobId: string): Promise<Payload | null> {
    const item = await this.#items.read<ParkedItem>(payloadKey(jobId));
    if (item === null) return null;
    const { door, headers, body, receivedAt } = item;
    const payload = { headers, body: Buffer.from(body), receivedAt: new Date(receivedAt) };
    return door === undefined ? payload : { ...payload, door };
  }
}

function payloadKey(jobId: string): { pk: string; sk: string } {
  return { ...jobKey(jobId), sk: 'PAYLOAD' };
}
