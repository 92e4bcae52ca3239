import { randomUUID } from 'node:crypto';
import type { Dispatcher } from 'undici';
import { download, type Download } from './download.ts';
import { declaredTypes } from './declared-type.ts';
import type { RequestedFile, SourceFile } from './events.ts';
import type { Invocation } from './handlers.ts';
import type { Job } from './jobs.ts';
import { openInboxFile } from './inbox-file.ts';
import { isInboxUrl } from './inbox-url.ts';
import { SourceApi, type FilePlace } from './source-api.ts';
import { SourceError } from './source-error.ts';
import { deleteStaged, stageStream } from './staging.ts';
import { inTime, measureTransfer, type Route } from './transfer-limits.ts';

export interface StagedContent {
  readonly objectKey: string;
  readonly size: number;
  readonly md5: string;
  readonly sha256: string;
}

type StageWork = Invocation & { readonly attempt: number };
type StagedJob = Pick<Job, 'id' | 'source' | 'defaults'>;

/** What a link answers with that has expired, or was withdrawn, since the API gave it. */
const staleCodes: ReadonlySet<string> = new Set([
  'SOURCE_URL_EXPIRED',
  'SOURCE_FORBIDDEN',
  'SOURCE_NOT_FOUND',
  'SOURCE_CREDENTIAL_REFUSED',
]);

/**
 * Brings a source's file into the staging bucket, byte for byte, as an object of its own: two tries that run at
 * once cannot mix their bytes. Where the file has to be asked for, its link is fresh each time; one that has expired
 * all the same is asked for once more.
 * @param keep notes where the bytes are; when it answers false, nobody needs them, and they are deleted
 * @throws {SourceError}
 * @throws {JobFailure} TOO_LARGE_FOR_WORKER when the source is too slow for the file to arrive in one invocation
 */
export async function stageFile(
  work: StageWork,
  job: StagedJob,
  file: SourceFile | RequestedFile,
  keep: (content: StagedContent) => Promise<boolean>,
): Promise<StagedContent | null> {
  const dispatcher = await work.services.sourceDispatcher();
  try {
    if ('url' in file) return await bring(work, job, { file, place: file, dispatcher }, keep);
    const api = openSourceApi(work, job, dispatcher);
    for (let isStale = false; ; isStale = true) {
      const place = await api.locate(file, isStale);
      try {
        return await bring(work, job, { file, place, dispatcher }, keep);
      } catch (error) {
        if (isStale || !(error instanceof SourceError) || !staleCodes.has(error.code)) throw error;
      }
    }
  } finally {
    await dispatcher.destroy();
  }
}

/** The API of a job's source, with the credential that is stored for it. */
export function openSourceApi(
  { services, signal }: StageWork,
  { source }: Pick<Job, 'source'>,
  dispatcher: Dispatcher,
): SourceApi {
  const allowPrivateAddresses = services.config.ALLOW_PRIVATE_SOURCES;
  return new SourceApi(source, services.sourceCredentials, { dispatcher, allowPrivateAddresses, signal });
}

async function bring(
  work: StageWork,
  { id, source: sender, defaults }: StagedJob,
  {
    file,
    place,
    dispatcher,
  }: {
    readonly file: SourceFile | RequestedFile;
    readonly place: FilePlace;
    readonly dispatcher: Dispatcher;
  },
  keep: (content: StagedContent) => Promise<boolean>,
): Promise<StagedContent | null> {
  const { services, signal } = work;
  const { config } = services;
  const object = { ...(await services.staging()), key: `staged/${id}/${randomUUID()}` };
  const options = {
    dispatcher,
    allowPrivateAddresses: config.ALLOW_PRIVATE_SOURCES,
    maxBytes: config.MAX_FILE_BYTES,
    expected: file,
    allowedTypes: defaults.types,
    authorization: place.authorization,
    signal,
  };
  // Only an event names a file in a bucket of ours; an API that is asked for a link does not.
  const source: Download =
    'url' in file && isInboxUrl(file.url)
      ? await openInboxFile(file.url, sender, await services.inbox(), options)
      : await download(place.url, options);
  const { size } = source;
  const route: Route = `source ${new URL(place.url).host}`;
  let fetchedBytes = 0;
  const body = counted(source.body, (bytes) => {
    fetchedBytes += bytes;
  });
  // What a stranger calls its answer is no type to keep a file under.
  const mediaType = declaredTypes(file).at(-1) ?? null;
  await inTime(work, route, size, () =>
    measureTransfer(work, route, size ?? 0, (onEnd) =>
      stageStream({ ...object, body, size, mediaType, signal }).finally(() => {
        onEnd(fetchedBytes);
      }),
    ),
  );
  const { bytes, md5, sha256 } = source.result();
  const content = { objectKey: object.key, size: bytes, md5, sha256 };
  if (await keep(content)) return content;
  await deleteStaged(object);
  return null;
}

async function* counted<Chunk extends Uint8Array>(
  body: AsyncIterable<Chunk>,
  count: (bytes: number) => void,
): AsyncGenerator<Chunk, void, undefined> {
  for await (const chunk of body) {
    count(chunk.byteLength);
    yield chunk;
  }
}
