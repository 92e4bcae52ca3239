import { randomUUID } from 'node:crypto';
import { request } from 'undici';
import * as z from 'zod';
import { hmacSha256 } from '../lib/sources/hmac.ts';
import type { CloudEvent } from './cloud-event.ts';
import { describeRefusal, describeSilence } from './delivery-failure.ts';
import { ReaderError } from './reader-error.ts';

const acceptedSchema = z.object({
  jobs: z
    .array(z.object({ id: z.string(), type: z.string(), subject: z.string(), state: z.string() }))
    .min(1),
});

export interface Acceptance {
  readonly status: number;
  readonly jobs: z.output<typeof acceptedSchema>['jobs'];
}

const timeoutMs = 30_000;

/**
 * Posts one event, signed the Standard Webhooks way (https://www.standardwebhooks.com), and answers with its jobs.
 * @param base the connector's address, with nothing behind it
 * @throws ReaderError when it was not accepted, or nobody answered: what was wrong, and what to do
 */
export async function deliverEvent(
  base: string,
  { source, secret, event }: { source: string; secret: string; event: CloudEvent },
): Promise<Acceptance> {
  const body = JSON.stringify(event);
  const id = `msg_${randomUUID()}`;
  const timestamp = String(Math.floor(Date.now() / 1_000));
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const signature = hmacSha256(key, `${id}.${timestamp}.`, body).toString('base64');
  const answer = await request(`${base}/events/${source}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/cloudevents+json',
      'webhook-id': id,
      'webhook-timestamp': timestamp,
      'webhook-signature': `v1,${signature}`,
    },
    body,
    signal: AbortSignal.timeout(timeoutMs),
  })
    .then(async ({ statusCode, headers, body: stream }) => {
      return { status: statusCode, headers, body: await stream.text() };
    })
    .catch((error: unknown) => {
      throw new ReaderError(describeSilence(error, base, event.id), 1);
    });
  const accepted = acceptedSchema.safeParse(parsed(answer.body)).data;
  if (answer.status < 300 && accepted !== undefined) return { status: answer.status, jobs: accepted.jobs };
  const retryAfter = answer.headers['retry-after'];
  throw new ReaderError(
    describeRefusal(
      {
        status: answer.status,
        body: parsed(answer.body),
        retryAfter: typeof retryAfter === 'string' ? retryAfter : undefined,
      },
      { base, source, eventId: event.id },
    ),
    1,
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
