import * as z from 'zod';
import { takeValue, type Reading } from './apply-mapping.ts';
import { digestBytes, hmacOf, matchesAny, readDigest, type DigestAlgorithm } from './hmac.ts';
import { eventMappingSchema, type Rule } from './mapping.ts';
import { requestSchema, requestedBy } from './request-template.ts';
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
import { fillEvents, parseJson, unreadable } from './vendor-event.ts';

const header = z.string().regex(/^[a-z0-9-]{1,100}$/, 'must be the name of a header in lower case');
const placeholder = /\{(\w+)\}/g;
const placeholders = ['body', 'timestamp', 'id', 'method', 'path'];

const signatureSchema = z
  .strictObject({
    header,
    algorithm: z.enum(Object.keys(digestBytes) as [DigestAlgorithm]).default('sha256'),
    encoding: z.enum(['hex', 'base64']).default('hex'),
    /** What stands before the digest, such as `sha256=`. */
    prefix: z.string().max(50).default(''),
    /** What is signed; `{body}` stands for the bytes of the body. */
    content: z.string().min(1).max(500).default('{body}'),
    timestamp: z
      .strictObject({
        header,
        form: z.enum(['unix', 'unix-ms', 'iso']).default('unix'),
        toleranceSeconds: z.int().min(1).max(86_400).default(300),
      })
      .optional(),
    idHeader: header.optional(),
  })
  .superRefine(({ content, timestamp, idHeader }, context) => {
    const used = [...content.matchAll(placeholder)].map(([, name = '']) => name);
    const fault = (message: string) => context.addIssue({ code: 'custom', path: ['content'], message });
    for (const name of used.filter((one) => !placeholders.includes(one))) {
      fault(`must not use {${name}}: there are ${placeholders.map((one) => `{${one}}`).join(', ')}`);
    }
    if (used.filter((name) => name === 'body').length !== 1) fault('must hold {body} once');
    // A time that is not signed can be set by whoever replays a delivery.
    if (used.includes('timestamp') !== (timestamp !== undefined)) {
      fault('must hold {timestamp} when "timestamp" is given, and only then');
    }
    if (used.includes('id') !== (idHeader !== undefined)) {
      fault('must hold {id} when "idHeader" is given, and only then');
    }
  });

export const genericHmacSettings = signed(
  z.strictObject({
    adapter: z.literal('hmac'),
    secrets: secretsOf(z.string().min(16, 'must have at least 16 characters').max(500)),
    /** What the text of a secret is. */
    secretEncoding: z.enum(['text', 'base64', 'hex']).default('text'),
    ...commonSettings,
    signature: signatureSchema,
    mapping: eventMappingSchema,
    /** How the file is asked for, where the payload has no link to it. */
    request: requestSchema.optional(),
  }),
);
type GenericSource = z.output<typeof genericHmacSettings> & Source;

/** Any system that sends JSON and signs it with an HMAC; its settings say how, and what its fields mean. */
export const genericHmacAdapter: SourceAdapter = { verify, translate, headersOf };

function verify(source: GenericSource, delivery: Delivery): string | null {
  const { signature, secrets, secretEncoding } = source;
  const { headers, body, method, path } = delivery;
  const needed = [signature.header, signature.timestamp?.header, signature.idHeader].filter(
    (name) => name !== undefined,
  );
  const missing = needed.filter((name) => !headers[name]);
  if (missing.length > 0) return `The header ${missing.join(', ')} must be there.`;
  const timestamp = signature.timestamp === undefined ? '' : (headers[signature.timestamp.header] ?? '');
  if (signature.timestamp !== undefined) {
    const refusal = refuseTime(signature.timestamp, timestamp, delivery.receivedAt);
    if (refusal !== null) return refusal;
  }
  const candidates = (headers[signature.header] ?? '').split(/[, ]+/, mostSignatures + 1);
  if (candidates.length > mostSignatures) return `${signature.header} lists too many signatures.`;
  const read = candidates.flatMap((text) => {
    if (!text.startsWith(signature.prefix)) return [];
    const bare = text.slice(signature.prefix.length);
    const spelled = signature.encoding === 'hex' ? bare.toLowerCase() : bare;
    return readDigest(spelled, signature.encoding, signature.algorithm) ?? [];
  });
  const values: Readonly<Record<string, string>> = {
    timestamp,
    id: signature.idHeader === undefined ? '' : (headers[signature.idHeader] ?? ''),
    method,
    path,
  };
  const [before = '', after = ''] = signature.content
    .split('{body}')
    .map((part) => part.replaceAll(placeholder, (_whole, name: string) => values[name] ?? ''));
  const digests = secrets.map((secret) => {
    const key = secretEncoding === 'text' ? secret : Buffer.from(secret, secretEncoding);
    return hmacOf(signature.algorithm, key, before, body, after);
  });
  return matchesAny(digests, read) ? null : 'The signature was not accepted: no matching signature found.';
}

const mostSignatures = 10;

function refuseTime(
  { header: name, form, toleranceSeconds }: NonNullable<GenericSource['signature']['timestamp']>,
  text: string,
  now: Date,
): string | null {
  const isNumber = /^\d{10,13}$/.test(text);
  const sentMs =
    form === 'iso' ? Date.parse(text) : isNumber ? Number(text) * (form === 'unix' ? 1_000 : 1) : NaN;
  if (Number.isNaN(sentMs)) return `${name} must be a time (${form}).`;
  const ageSeconds = Math.round(Math.abs(now.getTime() - sentMs) / 1_000);
  return ageSeconds <= toleranceSeconds
    ? null
    : `${name} is ${ageSeconds} seconds off our clock; at most ${toleranceSeconds} are taken.`;
}

/** The headers that the mapping reads. */
function headersOf({ mapping }: GenericSource): string[] {
  const rules = [mapping.event, mapping.file, mapping.metadata, { url: mapping.url }].flatMap(
    (part): (Rule | null | undefined)[] => Object.values(part ?? {}),
  );
  return [...new Set(rules.flatMap((rule) => rule?.header ?? []))];
}

function translate(source: GenericSource, { headers, body, receivedAt }: Payload): Translation {
  const value = parseJson(body);
  if (value === undefined) return unreadable([{ field: '(body)', message: 'is not JSON' }]);
  const reading: Reading = { body: value, headers };
  const { event } = source.mapping;
  const take = (name: keyof typeof event): unknown => {
    const rule = event[name];
    return rule === undefined || rule === null ? undefined : takeValue(name, rule, reading).value;
  };
  const { type: typeRule } = event;
  // A type that the table does not list is one of the source's own, and ignored.
  const type =
    take('type') ?? (typeRule && takeValue('type', { ...typeRule, table: undefined }, reading).value);
  const sequence = take('sequence');
  const isCount = typeof sequence === 'string' && /^\d{1,20}$/.test(sequence);
  const subject = take('subject');
  const time = take('time');
  const request = requestedBy(source.request, value, time, receivedAt);
  if (request !== undefined && 'fault' in request) return unreadable([request.fault], subject);
  return fillEvents(
    [
      {
        id: take('id'),
        subject,
        type,
        time,
        sequence: isCount ? sequence.padStart(20, '0') : sequence,
        ...(request !== undefined && { request }),
      },
    ],
    source.mapping,
    reading,
    receivedAt,
  );
}
