import { request } from 'undici';
import type { Dispatcher } from 'undici';
import * as z from 'zod';
import { assetKey, externalIdOf } from '../../lib/asset-key.ts';
import { personUserAgent } from './person.ts';
import { readAnswer } from './read-answer.ts';

const reference = z.object({ id: z.string() });
const code = z.object({ code: z.string() });
const fileSchema = z.object({
  id: z.string(),
  status: z.string(),
  error: z.string().nullable(),
  uploads: z.array(z.object({ md5: z.string(), sha256: z.string(), size: z.number() })),
});
const assetSchema = z.object({
  id: z.string(),
  externalId: z.string().nullable(),
  name: z.string(),
  description: z.string().nullable(),
  status: z.string(),
  type: z.string(),
  url: z.string().nullable(),
  isSensitive: z.boolean(),
  permissions: z.record(z.string(), z.boolean()),
  isArchived: z.boolean(),
  currentFile: reference.nullable(),
  checksum: z.string().nullable(),
  size: z.number().nullable(),
  tags: z.array(reference),
  languages: z.array(code),
  countries: z.array(code),
  files: z.array(fileSchema),
});
const userSchema = z.object({
  email: z.string(),
  myFiles: z.object({
    assets: z.array(
      z.object({ id: z.string(), name: z.string(), md5: z.string(), sha256: z.string(), size: z.number() }),
    ),
  }),
});
const librarySchema = z.object({
  assets: z.array(assetSchema),
  /** With what is in their My Files. */
  users: z.array(userSchema),
  tags: z.array(z.object({ id: z.string(), name: z.string() })),
});
const requestsSchema = z.object({
  items: z.array(
    z.object({
      sequence: z.number(),
      listener: z.enum(['api', 'upload']),
      method: z.string(),
      path: z.string(),
      query: z.string(),
      headers: z.record(z.string(), z.string()),
      body: z.unknown().optional(),
    }),
  ),
});
const creationSchema = z.object({ externalId: z.string() });

export type ShowpadAsset = z.output<typeof assetSchema>;
export type ShowpadUser = z.output<typeof userSchema>;
export type ShowpadLibrary = z.output<typeof librarySchema>;
export type ShowpadRequest = z.output<typeof requestsSchema>['items'][number];

/** The emulated Showpad from behind: what it holds, and what the connector asked of it. */
export class ShowpadView {
  readonly #controlUrl: URL;
  readonly #dispatcher: Dispatcher;
  readonly #signal: AbortSignal;

  constructor(v4Url: string, dispatcher: Dispatcher, signal: AbortSignal) {
    this.#controlUrl = new URL('/_emulator/', v4Url);
    this.#dispatcher = dispatcher;
    this.#signal = signal;
  }

  library(): Promise<ShowpadLibrary> {
    return this.#get('state', librarySchema);
  }

  /** The connector's requests, without those of people, oldest first; `after` leaves those up to a position out. */
  async requests(after = 0): Promise<readonly ShowpadRequest[]> {
    const { items } = await this.#get(`requests?after=${after}`, requestsSchema);
    return items.filter(({ headers }) => headers['user-agent'] !== personUserAgent);
  }

  /** How many requests have been received so far: those of later come after it in their sequence. */
  async position(): Promise<number> {
    return (await this.requests()).at(-1)?.sequence ?? 0;
  }

  async #get<Answer>(path: string, schema: z.ZodType<Answer>): Promise<Answer> {
    const { statusCode, body } = await request(new URL(path, this.#controlUrl), {
      dispatcher: this.#dispatcher,
      signal: this.#signal,
    });
    const text = await body.text();
    if (statusCode !== 200) throw new Error(`The Showpad emulator answered ${path} with ${statusCode}.`);
    return readAnswer(`The Showpad emulator's ${path}`, text, schema);
  }
}

/** The assets that belong to a subject of the source `demo`: exactly one, if all is well. */
export function assetsOf({ assets }: ShowpadLibrary, subject: string): ShowpadAsset[] {
  const externalId = externalIdOf(assetKey('demo', subject));
  return assets.filter((asset) => asset.externalId === externalId);
}

/** The names of an asset's tags, in alphabetical order. */
export function tagNamesOf(asset: ShowpadAsset, { tags }: ShowpadLibrary): string[] {
  return asset.tags.map(({ id }) => tags.find((tag) => tag.id === id)?.name ?? id).toSorted();
}

/** The requests about an asset: its lookups and creation, everything under its id, and uploads to its links. */
export function requestsAbout(
  { id, externalId, files }: ShowpadAsset,
  requests: readonly ShowpadRequest[],
): ShowpadRequest[] {
  return requests.filter(({ listener, path, query, body }) => {
    const parts = path.split('/');
    if (listener === 'upload') return files.some((file) => parts.includes(file.id));
    if (parts.includes(id)) return true;
    const looksUp = new URLSearchParams(query)
      .get('externalIds')
      ?.split(',')
      .includes(externalId ?? '');
    return looksUp === true || creationSchema.safeParse(body).data?.externalId === externalId;
  });
}

/** How often a ticket of API v3 was asked what has become of its file. */
export function looksAtTicket(ticketId: string, requests: readonly ShowpadRequest[]): number {
  return requests.filter(({ method, path }) => method === 'GET' && path.endsWith(`/tickets/${ticketId}.json`))
    .length;
}
