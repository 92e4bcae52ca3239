import { DynamoDBClient, ListTablesCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { request } from 'undici';
import * as z from 'zod';
import type { Ready } from './local-system.ts';

const upload = z.object({ md5: z.string(), sha256: z.string() });
const assetSchema = z.object({
  id: z.string(),
  externalId: z.string().nullable(),
  status: z.string(),
  checksum: z.string().nullable(),
  url: z.string().nullable(),
  description: z.string().nullable(),
  isArchived: z.boolean(),
  tags: z.array(z.object({ id: z.string() })),
  files: z.array(z.object({ status: z.string(), createdAt: z.string(), uploads: z.array(upload) })),
});
const librarySchema = z.object({
  assets: z.array(assetSchema),
  deletedAssets: z.array(assetSchema),
  tags: z.array(z.object({ id: z.string(), name: z.string() })),
  users: z.array(
    z.object({
      email: z.string(),
      myFiles: z.object({
        assets: z.array(z.object({ id: z.string(), sha256: z.string(), md5: z.string() })),
      }),
    }),
  ),
});
const error = z.object({ code: z.string(), message: z.string() }).nullable();
const jobSchema = z.object({
  id: z.string(),
  eventId: z.string(),
  type: z.string(),
  source: z.string(),
  subject: z.string(),
  state: z.string(),
  error,
  recipients: z.array(z.object({ email: z.string(), state: z.string(), error })),
});

/** What an emulated Showpad holds. */
export type Library = z.output<typeof librarySchema>;
export type ShownJob = z.output<typeof jobSchema>;

const mostAttempts = 4;

/** Reads a system from outside. */
export class PowerCutView {
  readonly #ready: Ready;
  readonly #sqs: SQSClient;
  readonly #dynamodb: DynamoDBClient;

  constructor(ready: Ready) {
    this.#ready = ready;
    const common = { region: 'eu-west-1', credentials: { accessKeyId: 'local', secretAccessKey: 'local' } };
    this.#sqs = new SQSClient({ ...common, endpoint: ready.aws.sqs });
    this.#dynamodb = new DynamoDBClient({ ...common, endpoint: ready.aws.dynamodb });
  }

  /** The emulator's own view of itself, wherever it runs. */
  async library(): Promise<Library> {
    const { body } = await request(`${new URL(this.#ready.showpad.v4).origin}/_emulator/state`);
    return librarySchema.parse(await body.json());
  }

  /** All jobs, or those in a state, as the list shows them. */
  async jobs(state?: string): Promise<ShownJob[]> {
    const jobs: ShownJob[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const query: string = new URLSearchParams({
        limit: '200',
        ...(state !== undefined && { state }),
        ...(cursor !== '' && { cursor }),
      }).toString();
      const page = z
        .object({ items: z.array(jobSchema), next: z.string().nullable() })
        .parse(await this.#get(`/jobs?${query}`));
      jobs.push(...page.items);
      cursor = page.next;
    }
    return jobs;
  }

  async job(id: string): Promise<ShownJob> {
    return jobSchema.parse(await this.#get(`/jobs/${id}`));
  }

  /** What happened to a job's asset, for whoever has to find out why. */
  async story({ source, subject }: ShownJob): Promise<string> {
    const path = `/assets/${encodeURIComponent(source)}/${encodeURIComponent(subject)}`;
    return JSON.stringify(await this.#get(path), null, 1);
  }

  /** How many messages each queue holds, visible or not. */
  async messages(): Promise<ReadonlyMap<string, number>> {
    const names = [
      'ApproximateNumberOfMessages',
      'ApproximateNumberOfMessagesDelayed',
      'ApproximateNumberOfMessagesNotVisible',
    ] as const;
    const counts = Object.entries(this.#ready.queues).map(async ([name, QueueUrl]) => {
      const { Attributes = {} } = await this.#sqs.send(
        new GetQueueAttributesCommand({ QueueUrl, AttributeNames: [...names] }),
      );
      return [name, names.reduce((sum, attribute) => sum + Number(Attributes[attribute] ?? 0), 0)] as const;
    });
    return new Map(await Promise.all(counts));
  }

  /** What the table still holds of something that was begun. */
  async unfinished(): Promise<string[]> {
    const { TableNames = [] } = await this.#dynamodb.send(new ListTablesCommand({}));
    const found: string[] = [];
    for (const TableName of TableNames) {
      let start: Record<string, unknown> | undefined;
      do {
        const { Items = [], LastEvaluatedKey } = await this.#dynamodb.send(
          new ScanCommand({ TableName, ...(start !== undefined && { ExclusiveStartKey: start as never }) }),
        );
        for (const { pk, intent, leasedUntil } of Items) {
          if (intent !== undefined) found.push(`an intent to create is left at ${pk?.S}`);
          if (Number(leasedUntil?.N ?? 0) > Date.now()) found.push(`a lease is still held at ${pk?.S}`);
        }
        start = LastEvaluatedKey;
      } while (start !== undefined);
    }
    return found;
  }

  close(): void {
    this.#sqs.destroy();
    this.#dynamodb.destroy();
  }

  async #get(path: string): Promise<unknown> {
    for (let attempt = 1; ; attempt += 1) {
      const { statusCode, body } = await request(`${this.#ready.api}${path}`);
      const text = await body.text();
      if (statusCode === 200) return JSON.parse(text);
      // A machine under load may not have answered in time.
      if (statusCode < 500 || attempt === mostAttempts) {
        throw new Error(`GET ${path} was answered with ${statusCode}: ${text}`);
      }
    }
  }
}
