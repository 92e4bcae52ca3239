import { isUtf8 } from 'node:buffer';
import * as z from 'zod';
import { parseCloudEvent } from '../events.ts';
import { hmacSha256, matchesAny, readDigest } from './hmac.ts';
import {
  commonSettings,
  secretsOf,
  signed,
  type Delivery,
  type Payload,
  type Source,
  type SourceAdapter,
  type Translation,
} from './source.ts';
import { parseJson } from './vendor-event.ts';

const secretSchema = z
  .string()
  .regex(/^(whsec_)?[A-Za-z0-9+/]+={0,2}$/, 'must be whsec_ and base64')
  .refine(
    (text) => Buffer.from(text.replace(/^whsec_/, ''), 'base64').length >= 16,
    'must hold at least 16 bytes',
  );

export const cloudEventsSettings = signed(
  z.strictObject({
    adapter: z.literal('cloudevents'),
    secrets: secretsOf(secretSchema),
    ...commonSettings,
  }),
);

const largestBatch = 100;
const mostSignatures = 10;
const toleranceSeconds = 300;

/**
 * CloudEvents 1.0 over HTTP, structured or batch mode, signed the Standard Webhooks way
 * (https://www.standardwebhooks.com). Binary mode is refused: it leaves the `ce-*` headers unsigned.
 */
export const cloudEventsAdapter = {
  verify,
  translate,
  headersOf: () => ['content-type', 'content-encoding'],
} satisfies SourceAdapter;

function verify(source: Source, { headers, body, receivedAt }: Delivery): string | null {
  const id = headers['webhook-id'];
  const timestamp = headers['webhook-timestamp'];
  const signature = headers['webhook-signature'];
  if (!id || !timestamp || !signature) {
    return 'The headers webhook-id, webhook-timestamp and webhook-signature must all be there.';
  }
  if (!/^[0-9]{10}$/.test(timestamp)) return 'webhook-timestamp must be Unix seconds.';
  // What is wrong with the clock may be told: it says nothing about the secret.
  const ageSeconds = Math.floor(receivedAt.getTime() / 1_000) - Number(timestamp);
  if (Math.abs(ageSeconds) > toleranceSeconds) {
    const where = `${Math.abs(ageSeconds)} seconds ${ageSeconds > 0 ? 'behind' : 'ahead of'} our clock`;
    return `webhook-timestamp is ${where}; at most ${toleranceSeconds} are taken.`;
  }
  const signatures = signature.split(' ', mostSignatures + 1);
  if (signatures.length > mostSignatures) return 'webhook-signature lists too many signatures.';
  if (!isUtf8(body)) return 'The body must be UTF-8.';
  const candidates = signatures.flatMap(
    (text) => (text.startsWith('v1,') ? readDigest(text.slice(3), 'base64') : null) ?? [],
  );
  const digests = candidates.length === 0 ? [] : source.secrets.map((secret) => sign(secret));
  return matchesAny(digests, candidates)
    ? null
    : 'The signature was not accepted: no matching signature found.';

  function sign(secret: string): Buffer {
    const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
    return hmacSha256(key, `${id}.${timestamp}.`, body);
  }
}

function translate(_source: Source, { headers, body, receivedAt }: Payload): Translation {
  const [mediaType = '', ...parameters] = (headers['content-type'] ?? '')
    .split(';')
    .map((part) => part.trim().toLowerCase());
  const isBatch = mediaType === 'application/cloudevents-batch+json';
  if (!isBatch && mediaType !== 'application/cloudevents+json') {
    return unsupported(
      'The content type must be application/cloudevents+json or application/cloudevents-batch+json; binary mode is not taken, because its headers are not signed.',
    );
  }
  if (
    parameters.some((parameter) => parameter.startsWith('charset=') && !/^charset="?utf-8"?$/.test(parameter))
  ) {
    return unsupported('The charset must be UTF-8.');
  }
  if (headers['content-encoding'] !== undefined && headers['content-encoding'] !== 'identity') {
    return unsupported('The body must not be compressed.');
  }
  const value = parseJson(body);
  if (value === undefined) return invalid('(body)', 'is not JSON');
  if (!isBatch) return gather([parseCloudEvent(value, receivedAt)]);
  if (!Array.isArray(value)) return invalid('(body)', 'must be a JSON array of events');
  if (value.length === 0) return invalid('(body)', 'must hold at least one event');
  if (value.length > largestBatch) return invalid('(body)', `must hold at most ${largestBatch} events`);
  return gather(value.map((event: unknown, index) => parseCloudEvent(event, receivedAt, [index])));
}

function gather(parsed: readonly ReturnType<typeof parseCloudEvent>[]): Translation {
  const faults = parsed.flatMap((one) => ('faults' in one ? one.faults : []));
  if (faults.length > 0) return { kind: 'invalid', faults };
  return { kind: 'events', events: parsed.flatMap((one) => ('event' in one ? [one.event] : [])) };
}

function unsupported(message: string): Translation {
  return { kind: 'unsupported', message };
}

function invalid(field: string, message: string): Translation {
  return { kind: 'invalid', faults: [{ field, message }] };
}
