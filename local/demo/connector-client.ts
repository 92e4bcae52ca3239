import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Webhook } from 'standardwebhooks';
import { request } from 'undici';
import type { Dispatcher } from 'undici';
import * as z from 'zod';
import type { Publication } from './publications.ts';
import { readAnswer } from './read-answer.ts';

const receiptSchema = z.object({ jobs: z.array(z.object({ id: z.string(), state: z.string() })).min(1) });
const errorSchema = z.object({ code: z.string(), message: z.string() });
const jobSchema = z.object({
  id: z.string(),
  state: z.string(),
  createdAt: z.string(),
  updatedAt: z.string(),
  showpad: z.object({ assetId: z.string().nullable(), fileId: z.string().nullable() }),
  error: errorSchema.nullable(),
  /** Those of a push into My Files, in the order of its event. */
  recipients: z.array(
    z.object({
      email: z.string(),
      state: z.string(),
      assetId: z.string().nullable(),
      ticketId: z.string().nullable(),
      error: errorSchema.nullable(),
    }),
  ),
});
export type Job = z.output<typeof jobSchema>;

export interface Receipt {
  readonly status: number;
  readonly jobId: string;
}

/** An event as its source words it; `type` and `data` as the contract of the connector has them. */
export interface SourceEvent {
  readonly eventId: string;
  readonly type: string;
  /** The source's own id of the content. */
  readonly subject: string;
  readonly time: Date;
  readonly data: object;
}

const lookEveryMs = 150;
const ends = new Set(['done', 'failed', 'superseded', 'ignored']);

/** The connector as a source and an operator see it: over HTTP alone. */
export class ConnectorClient {
  readonly #apiUrl: string;
  readonly #webhook: Webhook;
  readonly #dispatcher: Dispatcher;
  readonly #signal: AbortSignal;

  constructor(apiUrl: string, secret: string, dispatcher: Dispatcher, signal: AbortSignal) {
    this.#apiUrl = apiUrl;
    this.#webhook = new Webhook(secret);
    this.#dispatcher = dispatcher;
    this.#signal = signal;
  }

  /** Delivers a publication; delivering it again is a redelivery. Throws as `send` does. */
  deliver({ eventId, subject, time, content, metadata }: Publication, url: string): Promise<Receipt> {
    const { fileName: name, mediaType, size, md5, sha256 } = content;
    const data = { file: { url, name, mediaType, size, md5, sha256 }, metadata };
    return this.send({ eventId, type: 'asset.upsert', subject, time, data });
  }

  /**
   * Sends an event, signed, as the source `demo`.
   * @throws {Error} with the connector's own words when it does not accept it
   */
  async send(event: SourceEvent): Promise<Receipt> {
    const body = JSON.stringify(cloudEvent(event));
    const messageId = `msg_${randomUUID()}`;
    const now = new Date();
    const { status, text } = await this.#request('/events/demo', {
      method: 'POST',
      headers: {
        'content-type': 'application/cloudevents+json',
        'webhook-id': messageId,
        'webhook-timestamp': String(Math.floor(now.getTime() / 1_000)),
        'webhook-signature': this.#webhook.sign(messageId, now, body),
      },
      body,
    });
    if (status !== 200 && status !== 202) {
      throw new Error(`The event ${event.type} of ${event.subject} was answered with ${status}: ${text}`);
    }
    const [job] = readAnswer('The answer to an event', text, receiptSchema).jobs;
    return { status, jobId: job?.id ?? '' };
  }

  /** Looks at a job until it has ended; `onLook` is waited for. */
  async follow(jobId: string, onLook: (job: Job) => unknown): Promise<Job> {
    for (;;) {
      const { status, text } = await this.#request(`/jobs/${jobId}`, { method: 'GET' });
      if (status !== 200) throw new Error(`GET /jobs/${jobId} was answered with ${status}: ${text}`);
      const job = readAnswer(`The job ${jobId}`, text, jobSchema);
      await onLook(job);
      if (ends.has(job.state)) return job;
      await delay(lookEveryMs, undefined, { signal: this.#signal });
    }
  }

  async #request(
    path: string,
    options: Pick<Dispatcher.RequestOptions, 'method' | 'headers' | 'body'>,
  ): Promise<{ status: number; text: string }> {
    const { statusCode, body } = await request(`${this.#apiUrl}${path}`, {
      ...options,
      dispatcher: this.#dispatcher,
      signal: this.#signal,
    });
    return { status: statusCode, text: await body.text() };
  }
}

function cloudEvent({ eventId, type, subject, time, data }: SourceEvent): object {
  return {
    specversion: '1.0',
    id: eventId,
    source: 'https://dam.aldervane.example',
    type,
    subject,
    time: time.toISOString(),
    datacontenttype: 'application/json',
    data,
  };
}
