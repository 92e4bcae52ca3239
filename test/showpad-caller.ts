import { createHash } from 'node:crypto';
import { request } from 'undici';
import * as z from 'zod';
import type { EmulatedAsset } from '../local/showpad/asset-resource.ts';
import type { ShowpadEmulator } from '../local/showpad/showpad-emulator.ts';

export interface CallOptions {
  readonly body?: unknown;
  /** Sent instead of the emulator's token; null sends none. */
  readonly token?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Called {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly json: unknown;
}

const createdFileSchema = z.object({
  id: z.string(),
  uploadMeta: z.object({ uploadUrl: z.string(), suggestedContentType: z.string() }),
});

/** A file that waits for its bytes: its id and its upload link. */
export interface CreatedFile {
  readonly id: string;
  readonly uploadUrl: string;
  readonly contentType: string;
}

/** Calls an emulator in the plainest way, knowing nothing of the connector's own client. */
export function createShowpadCaller(emulator: ShowpadEmulator) {
  const call = async (
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    options: CallOptions = {},
  ): Promise<Called> => {
    const { token = emulator.token } = options;
    const answer = await request(emulator.v4Url + path, {
      method,
      headers: {
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...(options.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...options.headers,
      },
      ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
    });
    const text = await answer.body.text();
    const json: unknown = text === '' ? undefined : JSON.parse(text);
    return { status: answer.statusCode, headers: answer.headers, json };
  };

  const createAsset = async (fields: object): Promise<EmulatedAsset> => {
    const body = { division: { id: emulator.divisions[0]?.id }, ...fields };
    const { status, json } = await call('POST', '/assets', { body });
    if (status !== 201) throw new Error(`The asset was not created: ${JSON.stringify(json)}`);
    const { id } = z.object({ id: z.string() }).parse(json);
    return assetOf(emulator, id);
  };

  const createFile = async (assetId: string, body: object = {}): Promise<CreatedFile> => {
    const { json } = await call('POST', `/assets/${assetId}/files`, { body });
    const { id, uploadMeta } = createdFileSchema.parse(json);
    return { id, uploadUrl: uploadMeta.uploadUrl, contentType: uploadMeta.suggestedContentType };
  };

  return { call, createAsset, createFile };
}

/** Puts bytes to a file's link; a header given as undefined is left out. */
export async function upload(
  file: CreatedFile,
  bytes: Buffer,
  headers: Readonly<Record<string, string | undefined>> = {},
) {
  const sent = { 'content-type': file.contentType, 'x-amz-meta-origin': 'api', ...headers };
  const answer = await request(file.uploadUrl, {
    method: 'PUT',
    headers: Object.fromEntries(Object.entries(sent).filter(([, value]) => value !== undefined)),
    body: bytes,
  });
  return { status: answer.statusCode, headers: answer.headers, text: await answer.body.text() };
}

export function assetOf(emulator: ShowpadEmulator, id: string): EmulatedAsset {
  const asset = emulator.assets.find((candidate) => candidate.id === id);
  if (asset === undefined) throw new Error(`The emulator has no asset ${id}.`);
  return asset;
}

/** Waits until something is true of the emulator. */
export async function until(emulator: ShowpadEmulator, isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await emulator.changed();
}

/** The one item of a list that must have exactly one. */
export function only<Item>(items: readonly Item[]): Item {
  const [item] = items;
  if (item === undefined || items.length > 1)
    throw new Error(`Expected one item, found ${String(items.length)}.`);
  return item;
}

export function md5Base64(bytes: Buffer): string {
  return createHash('md5').update(bytes).digest('base64');
}
