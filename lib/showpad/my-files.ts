import { Readable } from 'node:stream';
import * as z from 'zod';
import type { ShowpadClient } from './client.ts';
import { contentType as headerValue } from './content-type.ts';
import { id } from './id.ts';
import { linkedId } from './linked-id.ts';
import { MultipartForm } from './multipart-form.ts';
import { path } from './path.ts';
import type { TransmissionLimits } from './transmit.ts';

export interface MyFilesUpload extends TransmissionLimits {
  /** The person's `myUploadsDivisionId`, or `mine` for the owner of the token. */
  readonly divisionId: string;
  /** What the file is called in Showpad, with its extension. */
  readonly name: string;
  readonly description?: string;
  /** `/`, or the ids of folders between slashes; see `isMyFilesFolder`. */
  readonly folder: string;
  /** With the extension that tells Showpad what to do with it. */
  readonly fileName: string;
  readonly contentType: string;
  /** Chunks of any size; destroyed in the end, however it ends. */
  readonly body: Readable | AsyncIterable<Uint8Array>;
  /** In bytes, at least 1. */
  readonly size: number;
}

/** An asset that is there already, or the ticket of one that Showpad is still processing. */
export type MyFilesAnswer =
  | { readonly kind: 'asset'; readonly assetId: string }
  | { readonly kind: 'ticket'; readonly ticketId: string; readonly assetId: string | null };

/** The name of uploads to My Files in errors and telemetry. */
export const myFilesOperation = 'POST /divisions/{id}/assets.json';

const answer = z.discriminatedUnion('resourcetype', [
  z
    .object({ resourcetype: z.literal('Asset'), id })
    .transform((asset): MyFilesAnswer => ({ kind: 'asset', assetId: asset.id })),
  z
    .object({ resourcetype: z.literal('Ticket'), id, asset: linkedId })
    .transform((ticket): MyFilesAnswer => ({ kind: 'ticket', ticketId: ticket.id, assetId: ticket.asset })),
]);

/** Whether a text names a folder of My Files: the root, or a path of folder ids, each 64 hex digits. */
export function isMyFilesFolder(folder: string): boolean {
  return /^\/(?:[0-9a-f]{64}\/)*$/.test(folder);
}

/**
 * Uploads a file into a person's My Files: one multipart POST, one try, streamed. An administrator may do this and
 * nothing else in the My Files of others, so what an unknown outcome left behind can only be looked for among the
 * tickets. After a 401, which is retryable here, call it again with the bytes from their beginning.
 * @throws ShowpadError, status 409 when Showpad has the file already; `outcomeUnknown` only when the whole form was
 *   sent, or a success was answered that cannot be read; `LengthMismatch` when the body is not `size` bytes long;
 *   `SourceFailed` when it could not be read; `TransferTooSlow` as for `uploadBinary`; RangeError for a size below 1,
 *   a folder that is none, and a content type that cannot be a header
 */
export async function uploadToMyFiles(client: ShowpadClient, upload: MyFilesUpload): Promise<MyFilesAnswer> {
  const { divisionId, name, description, folder, fileName, contentType, body, size, ...limits } = upload;
  // A source may fail before anybody reads it, while the connection is being made.
  if (body instanceof Readable) body.on('error', () => undefined);
  try {
    if (!Number.isSafeInteger(size) || size < 1)
      throw new RangeError(`A file of ${size} bytes cannot be uploaded.`);
    if (!isMyFilesFolder(folder))
      throw new RangeError('The folder in My Files must be / or a path of 64-digit ids: /<id>/.');
    if (!headerValue.safeParse(contentType).success)
      throw new RangeError('The content type of the file cannot be sent as a header.');
    const fields = {
      isPersonal: 'true',
      postProcessingInstructions: JSON.stringify({ materialisedPath: folder }),
      name,
      ...(description === undefined ? {} : { description }),
    };
    const file = { field: 'file', fileName, contentType, body, size };
    return await client.postForm({
      ...limits,
      path: path`/divisions/${divisionId}/assets.json`,
      operation: myFilesOperation,
      form: new MultipartForm(fields, file, myFilesOperation),
      schema: answer,
    });
  } finally {
    if (body instanceof Readable) body.destroy();
  }
}
