import { Readable } from 'node:stream';
import { request } from 'undici';
import * as z from 'zod';
import type { ConnectorApi } from './connector-api.ts';
import type { ManifestFile } from './manifest-file.ts';
import { ReaderError } from './reader-error.ts';

const announcedSchema = z.object({ id: z.string(), upload: z.object({ url: z.url() }) });

/**
 * Announces an import and puts its file where it is to go; answers with its id, or null when it was stopped before
 * the file was there, so that nothing is imported.
 * @throws ReaderError when the connector does not take it
 */
export async function bringManifest(
  api: ConnectorApi,
  file: ManifestFile,
  { source, skipInvalid }: { readonly source: string; readonly skipInvalid: boolean },
  signal: AbortSignal,
): Promise<string | null> {
  const answer = await api.ask('POST', '/imports', {}, { source, fileName: file.name, skipInvalid });
  if (answer.status !== 201) throw new ReaderError(`The import was refused: ${answer.detail}`, 1);
  const { id, upload } = announcedSchema.parse(answer.body);
  try {
    const { statusCode, body } = await request(upload.url, {
      method: 'PUT',
      headers: { 'content-length': String(file.bytes) },
      body: Readable.from(file.open()),
      signal,
    });
    await body.dump();
    if (statusCode !== 200)
      throw new ReaderError(`The file could not be sent: S3 answered ${statusCode}.`, 1);
  } catch (error) {
    if (signal.aborted) return null;
    if (error instanceof ReaderError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new ReaderError(`The file could not be sent to the bucket of the connector: ${why}`, 1);
  }
  return id;
}
