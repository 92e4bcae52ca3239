import { randomUUID } from 'node:crypto';
import type { buildApp } from 'fauxqs';
import * as z from 'zod';
import { isLargePut } from './large-puts.ts';
import { toQueue } from './to-queue.ts';

type App = ReturnType<typeof buildApp>;

/** As much of a request of the emulator's as is looked at. */
interface Request {
  readonly method: string;
  readonly url: string;
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** Which queue hears of what happens to which objects of a bucket. */
interface Rule {
  readonly queueArn: string;
  /** Such as `s3:ObjectCreated:*`. */
  readonly events: readonly string[];
  readonly prefix: string;
  readonly suffix: string;
}

const placeSchema = z.object({ bucket: z.string(), '*': z.string().default('') });

/**
 * Teaches the S3 emulator PutBucketNotificationConfiguration, with queues as targets: whoever has put or deleted an
 * object hears of it when the message is in its queue. S3 promises at least once, and no order.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
 * @param sqsUrl where SQS answers
 */
export function addBucketNotifications(app: App, region: string, sqsUrl: () => Promise<string>): void {
  const rulesOf = new Map<string, readonly Rule[]>();
  const telling = new WeakMap<object, Promise<void>>();
  app.addHook('preHandler', async (request: Request, reply) => {
    const place = placeSchema.safeParse(request.params).data;
    if (request.method !== 'PUT' || place === undefined || !has(request, 'notification')) return;
    const xml = Buffer.isBuffer(request.body) ? request.body.toString('utf8') : String(request.body);
    rulesOf.set(place.bucket, readRules(xml));
    await reply.status(200).send();
  });
  // It runs once more for an answer that is sent from within an asynchronous handler: both wait for one message.
  app.addHook('onSend', async (request: Request, reply) => {
    const told = telling.get(request) ?? tell(request, reply.statusCode);
    telling.set(request, told);
    await told;
  });
  async function tell(request: Request, status: number): Promise<void> {
    const place = placeSchema.safeParse(request.params).data;
    const event = status < 300 ? eventOf(request) : null;
    if (place === undefined || place['*'] === '' || event === null) return;
    const { bucket, '*': key } = place;
    const rules = (rulesOf.get(bucket) ?? []).filter((rule) => isMeant(rule, event, key));
    if (rules.length === 0) return;
    const { headers } = await app.inject({ method: 'HEAD', url: request.url });
    const object = {
      key: encodeURIComponent(key).replaceAll('%20', '+').replaceAll('%2F', '/'),
      size: Number(headers['content-length'] ?? 0),
      eTag: (headers['etag'] ?? '').replaceAll('"', ''),
      sequencer: `${Date.now().toString(16).toUpperCase()}${randomUUID().slice(0, 6)}`,
    };
    const body = JSON.stringify({ Records: [recordOf(event, region, bucket, object)] });
    for (const { queueArn } of rules) await toQueue(await sqsUrl(), region, { queueArn, body });
  }
}

const has = ({ query }: Request, name: string): boolean =>
  typeof query === 'object' && query !== null && name in query;

/** What a request that has succeeded has done to its object; null when nothing that anybody hears of. */
function eventOf(request: Request): string | null {
  const { method } = request;
  if (method === 'DELETE' && !has(request, 'uploadId')) return 'ObjectRemoved:Delete';
  if (method === 'POST' && has(request, 'uploadId')) return 'ObjectCreated:CompleteMultipartUpload';
  const isPart = has(request, 'uploadId') || has(request, 'renameObject');
  // One that was taken in parts has been told of when they were put together.
  return method === 'PUT' && !isPart && !isLargePut(request) ? 'ObjectCreated:Put' : null;
}

function isMeant({ events, prefix, suffix }: Rule, event: string, key: string): boolean {
  const isAsked = events.some((asked) => {
    const [, name = '', isAll] = /^s3:(.*?)(\*)?$/.exec(asked) ?? [];
    return isAll === undefined ? name === event : event.startsWith(name);
  });
  return isAsked && key.startsWith(prefix) && key.endsWith(suffix);
}

/** The SDK writes this document, and nobody else comes here: no more of XML than that is read. */
function readRules(xml: string): Rule[] {
  const texts = (part: string, tag: string): string[] =>
    [...part.matchAll(new RegExp(`<${tag}>([^<]*)</${tag}>`, 'g'))].map(([, text = '']) => text);
  return [...xml.matchAll(/<QueueConfiguration>(.*?)<\/QueueConfiguration>/gs)].map(([, part = '']) => {
    const filters = new Map(
      [...part.matchAll(/<FilterRule>(.*?)<\/FilterRule>/gs)].map(([, rule = '']) => [
        texts(rule, 'Name')[0]?.toLowerCase(),
        texts(rule, 'Value')[0] ?? '',
      ]),
    );
    return {
      queueArn: texts(part, 'Queue')[0] ?? '',
      events: texts(part, 'Event'),
      prefix: filters.get('prefix') ?? '',
      suffix: filters.get('suffix') ?? '',
    };
  });
}

function recordOf(eventName: string, awsRegion: string, bucket: string, object: object) {
  return {
    eventVersion: '2.1',
    eventSource: 'aws:s3',
    awsRegion,
    eventTime: new Date().toISOString(),
    eventName,
    s3: { s3SchemaVersion: '1.0', bucket: { name: bucket, arn: `arn:aws:s3:::${bucket}` }, object },
  };
}
