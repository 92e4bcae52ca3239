import { randomUUID } from 'node:crypto';
import { download, type Download } from './download.ts';
import { declaredTypes } from './declared-type.ts';
import type { SourceFile } from './events.ts';
import type { Invocation } from './handlers.ts';
import type { Job } from './jobs.ts';
import { isInboxUrl, openInboxFile } from './inbox-file.ts';
import { deleteStaged, stageStream } from './staging.ts';
import { inTime, measureTransfer, type Route } from './transfer-limits.ts';

export interface StagedContent {
  readonly objectKey: string;
  readonly size: number;
  readonly md5: string;
  readonly sha256: string;
}

/**
 * Brings a source's file into the staging bucket, byte for byte, as an object of its own: two tries that run at
 * once cannot mix their bytes.
 * @param keep notes where the bytes are; when it answers false, nobody needs them, and they are deleted
 * @throws {SourceError}
 * @throws {JobFailure} TOO_LARGE_FOR_WORKER when the source is too slow for the file to arrive in one invocation
 */
export async function stageFile(
  work: Invocation & { readonly attempt: number },
  { id, source: sender, defaults }: Pick<Job, 'id' | 'source' | 'defaults'>,
  file: SourceFile,
  keep: (content: StagedContent) => Promise<boolean>,
): Promise<StagedContent | null> {
  const { services, signal } = work;
  const { config } = services;
  const object = { ...(await services.staging()), key: `staged/${id}/${randomUUID()}` };
  const dispatcher = await services.sourceDispatcher();
  try {
    const options = {
      dispatcher,
      allowPrivateAddresses: config.ALLOW_PRIVATE_SOURCES,
      maxBytes: config.MAX_FILE_BYTES,
      expected: file,
      allowedTypes: defaults.types,
      signal,
    };
    const source: Download = isInboxUrl(file.url)
      ? await openInboxFile(file.url, sender, await services.inbox(), options)
      : await download(file.url, options);
    const { size } = source;
    const route: Route = `source ${new URL(file.url).host}`;
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
  } finally {
    await dispatcher.destroy();
  }
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
