import * as z from 'zod';
import type { RequestRecord } from './showpad/request-log.ts';
import type { ShowpadEmulator } from './showpad/showpad-emulator.ts';

/** A request to Showpad as the connector makes it; ids and digests that nobody can know stand as what they are. */
export interface ForeseenRequest {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  /** Those that say something; the token is left out. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

const saying = new Set(['content-type', 'content-md5', 'accept']);
const createdSchema = z.object({ id: z.string() });

/** What stands for ids that only a real Showpad knows, and for digests of files that nobody has fetched. */
export function meaningsOf(
  showpad: ShowpadEmulator,
  stagedDigests: ReadonlySet<string>,
): ReadonlyMap<string, string> {
  const files = showpad.requests.flatMap(({ path, method, answer }) => {
    const file = createdSchema.safeParse(answer).data;
    return method === 'POST' && path.endsWith('/files') && file !== undefined ? [file.id] : [];
  });
  return new Map([
    ...showpad.divisions
      .filter(({ id, name }) => id !== name)
      .map(({ id, name }) => [id, `<id of Division "${name}">`] as const),
    ...showpad.tags.map(({ id, name }) => [id, `<id of tag "${name}">`] as const),
    ...showpad.users.map(({ id }) => [id, '<id of the user with this address>'] as const),
    ...showpad.assets.map(({ id, externalId }) => [id, `<id of asset ${externalId ?? ''}>`] as const),
    ...files.map((id) => [id, '<id of the file>'] as const),
    ...[...stagedDigests].flatMap((md5) => [
      [md5, '<MD5 of the file>'] as const,
      [Buffer.from(md5, 'hex').toString('base64'), '<MD5 of the file, base64>'] as const,
    ]),
  ]);
}

/** Looking whether Showpad has done with the file says nothing about the payload. */
export function withoutPolls(records: readonly RequestRecord[]): readonly RequestRecord[] {
  const last = records.findLastIndex(({ method }) => method !== 'GET');
  return last === -1 ? records : records.slice(0, last + 1);
}

export function presentRequest(
  { listener, method, path, query, headers, body }: RequestRecord,
  meanings: ReadonlyMap<string, string>,
): ForeseenRequest {
  const name = (text: string): string => {
    let named = text;
    for (const [id, meaning] of meanings) named = named.replaceAll(id, meaning);
    return named;
  };
  const isUpload = listener === 'upload';
  const target = query === '' ? path : `${path}?${query}`;
  return {
    method,
    target: isUpload ? '<the upload link>' : name(decodeURIComponent(target)),
    headers: Object.fromEntries(
      Object.entries(headers)
        .filter(([header]) => saying.has(header) || header.startsWith('x-amz-meta-'))
        .map(([header, value]) => [header, name(value)]),
    ),
    body: isUpload ? '<the bytes of the file>' : nameWithin(body, name),
  };
}

/** The same for every text within a value of JSON. */
function nameWithin(value: unknown, name: (text: string) => string): unknown {
  if (typeof value === 'string') return name(value);
  if (Array.isArray(value)) return value.map((item: unknown) => nameWithin(item, name));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]: [string, unknown]) => [key, nameWithin(item, name)]),
  );
}
