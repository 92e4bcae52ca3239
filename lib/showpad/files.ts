import * as z from 'zod';
import type { ShowpadClient } from './client.ts';
import { contentType } from './content-type.ts';
import { id } from './id.ts';
import { path } from './path.ts';

/** Statuses grow: `prepared`, `queued`, `processing`, `active`, `failed`, others. */
const file = z.object({
  id,
  name: z.string().nullish(),
  status: z.string().nullish(),
  /** Why the processing failed. */
  error: z.string().nullish(),
  createdAt: z.string().nullish(),
});
export type FileRecord = z.infer<typeof file>;

const uploadMeta = z.object({
  /** Pre-signed, for 15 minutes, for one file. A secret. */
  uploadUrl: z.string().min(1),
  suggestedContentType: contentType.nullish(),
  metadata: z.record(z.string().regex(/^[\w-]{1,128}$/), z.string().regex(/^[ -~]*$/)).nullish(),
});
export type UploadMeta = z.infer<typeof uploadMeta>;

const fileWithUpload = file.extend({ uploadMeta });
export type FileWithUpload = z.infer<typeof fileWithUpload>;

export interface FileCreate {
  /** Base64 of the 16 bytes; Showpad's storage refuses an upload that does not match. */
  readonly contentMD5: string;
  /** Renames the asset. Leave it out to keep the asset's name. */
  readonly name?: string;
}

/**
 * Makes a file record, for a new asset's content as for a new version, and gets the link to upload it to. The
 * link lives 15 minutes and is never shown again; an unused record does no harm.
 * @throws ShowpadError
 */
export function createFile(
  client: ShowpadClient,
  assetId: string,
  body: FileCreate,
): Promise<FileWithUpload> {
  return client.request({
    api: 'v4',
    method: 'POST',
    path: path`/assets/${assetId}/files`,
    body,
    operation: 'POST /assets/{assetId}/files',
    schema: fileWithUpload,
  });
}

/**
 * A look at how far a file is; of low urgency, because it can be taken later just as well.
 * @throws ShowpadError
 */
export function getFile(client: ShowpadClient, assetId: string, fileId: string): Promise<FileRecord> {
  return client.request({
    api: 'v4',
    method: 'GET',
    path: path`/assets/${assetId}/files/${fileId}`,
    operation: 'GET /assets/{assetId}/files/{fileId}',
    urgency: 'low',
    schema: file,
  });
}

/** @throws ShowpadError */
export function listFiles(
  client: ShowpadClient,
  assetId: string,
): AsyncGenerator<FileRecord, void, undefined> {
  const call = {
    api: 'v4',
    method: 'GET',
    path: path`/assets/${assetId}/files`,
    operation: 'GET /assets/{assetId}/files',
  } as const;
  return client.paginate(call, file);
}
