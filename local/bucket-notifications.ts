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

/** What a request that has succeeded has done to an object. */
interface Happening {
  readonly eventName: string;
  readonly key: string;
}

const placeSchema = z.object({ bucket: z.string(), '*': z.string().default('') });

/**
 * Teaches the S3 emulator PutBucketNotificationConfiguration, with queues as targets: whoever has put, copied or
 * deleted objects hears of it when the messages are in their queue. S3 promises at least once, and no order.
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
    if (place === undefined || status >= 300) return;
    const { bucket } = place;
    // Taken before anything is waited for: the order of what happened to a key is that of its sequencers.
    const told = happeningsIn(request, place['*']).map((happening) => {
      const rules = (rulesOf.get(bucket) ?? []).filter((rule) => isMeant(rule, happening));
      return { ...happening, rules, eventTime: new Date().toISOString(), sequencer: nextSequencer() };
    });
    for (const { rules, ...happened } of told.filter((one) => one.rules.length > 0)) {
      const object = { ...(await describe(bucket, happened)), sequencer: happened.sequencer };
      const body = JSON.stringify({ Records: [recordOf(happened, region, bucket, object)] });
      for (const { queueArn } of rules) await toQueue(await sqsUrl(), region, { queueArn, body });
    }
  }
  async function describe(bucket: string, { eventName, key }: Happening) {
    const name = encodeURIComponent(key).replaceAll('%20', '+').replaceAll('%2F', '/');
    if (eventName.startsWith('ObjectRemoved:')) return { key: name };
    const path = key.split('/').map(encodeURIComponent).join('/');
    const { headers } = await app.inject({ method: 'HEAD', url: `/${bucket}/${path}` });
    const size = Number(headers['content-length'] ?? 0);
    return { key: name, size, eTag: (headers['etag'] ?? '').replaceAll('"', '') };
  }
}

const has = ({ query }: Request, name: string): boolean =>
  typeof query === 'object' && query !== null && name in query;

let sequence = 0;
/** A hexadecimal number that grows, over a restart too, as long as S3's are. */
function nextSequencer(): string {
  sequence = (sequence + 1) % 0x100_0000;
  return `${Date.now().toString(16).padStart(12, '0')}${sequence.toString(16).padStart(6, '0')}`.toUpperCase();
}

/** What a request that has succeeded has done, as far as anybody may hear of it. */
function happeningsIn(request: Request, key: string): Happening[] {
  const { method, headers } = request;
  if (key === '') return method === 'POST' && has(request, 'delete') ? deletionsIn(request.body) : [];
  if (method === 'DELETE' && !has(request, 'uploadId')) return [{ eventName: 'ObjectRemoved:Delete', key }];
  if (method === 'POST' && has(request, 'uploadId')) {
    return [{ eventName: 'ObjectCreated:CompleteMultipartUpload', key }];
  }
  const isPart = has(request, 'uploadId') || has(request, 'renameObject');
  // One that was taken in parts has been told of when they were put together.
  if (method !== 'PUT' || isPart || isLargePut(request)) return [];
  const isCopy = headers['x-amz-copy-source'] !== undefined;
  return [{ eventName: isCopy ? 'ObjectCreated:Copy' : 'ObjectCreated:Put', key }];
}

/** The keys that a request asks to delete, each of which S3 tells of. */
function deletionsIn(body: unknown): Happening[] {
  const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
  const xml = Buffer.isBuffer(body) ? body.toString('utf8') : String(body);
  return [...xml.matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, text = '']) => ({
    eventName: 'ObjectRemoved:Delete',
    key: text.replaceAll(/&(\w+);/g, (whole, name: string) => entities[name] ?? whole),
  }));
}

function isMeant({ events, prefix, suffix }: Rule, { eventName, key }: Happening): boolean {
  const isAsked = events.some((asked) => {
    const [, name = '', isAll] = /^s3:(.*?)(\*)?$/.exec(asked) ?? [];
    return isAll === undefined ? name === eventName : eventName.startsWith(name);
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

function recordOf(
  { eventName, eventTime }: Happening & { readonly eventTime: string },
  awsRegion: string,
  name: string,
  object: object,
) {
  const principalId = 'local';
  return {
    eventVersion: '2.1',
    eventSource: 'aws:s3',
    awsRegion,
    eventTime,
    eventName,
    userIdentity: { principalId },
    requestParameters: { sourceIPAddress: '127.0.0.1' },
    responseElements: { 'x-amz-request-id': 'local', 'x-amz-id-2': 'local' },
    s3: {
      s3SchemaVersion: '1.0',
      configurationId: 'local',
      bucket: { name, ownerIdentity: { principalId }, arn: `arn:aws:s3:::${name}` },
      object,
    },
  };
}
