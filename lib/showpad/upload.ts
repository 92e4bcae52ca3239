import { STATUS_CODES } from 'node:http';
import { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import { assertPublicUrl, ForbiddenAddressError } from '../public-addresses.ts';
import { parseRetryAfter } from '../retry-rules.ts';
import type { ShowpadClient } from './client.ts';
import { ShowpadError } from './errors.ts';
import { readText, single } from './exchange.ts';
import type { UploadMeta } from './files.ts';
import { MeteredBody } from './metered-body.ts';
import { tooEarly, transmit } from './transmit.ts';
import type { TransmissionLimits } from './transmit.ts';
import { uploadHeaders } from './upload-headers.ts';

export interface Upload extends TransmissionLimits {
  readonly uploadMeta: UploadMeta;
  /** Chunks of any size; destroyed in the end, however it ends. */
  readonly body: Readable | AsyncIterable<Uint8Array>;
  /** In bytes, at least 1. */
  readonly size: number;
  /** Base64 of the 16 bytes, the same as in the call that made the link. */
  readonly contentMD5: string;
  readonly now?: () => number;
}

/** The name of uploads in errors and telemetry. */
export const uploadOperation = 'PUT upload link';
const maximumAnswerBytes = 64 * 1024;
const transientCodes = new Set(['RequestTimeout', 'SlowDown', 'TemporaryRedirect', 'OperationAborted']);

/**
 * Sends a binary to an upload link: one PUT, one try, no redirects. The link is a secret and lives 15 minutes;
 * after a failure ask for a new one (the same one may be used again only by the same bytes).
 * @throws ShowpadError whose `title` is the storage's own error code when it answered: `AccessDenied` for an
 *   expired link, `SignatureDoesNotMatch`, `BadDigest`; `LengthMismatch` when the body is not `size` bytes long;
 *   `SourceFailed` when it could not be read; `TransferTooSlow` when it stalled (30 s) or ran below 64 KiB/s for
 *   60 s, whichever side is to blame
 */
export async function uploadBinary(
  client: Pick<ShowpadClient, 'withDispatcher' | 'allowPrivateAddresses'>,
  upload: Upload,
): Promise<void> {
  // A source may fail before anybody reads it, while the connection is being made.
  if (upload.body instanceof Readable) upload.body.on('error', () => undefined);
  try {
    if (!Number.isSafeInteger(upload.size) || upload.size < 1)
      throw new RangeError(`A binary of ${upload.size} bytes cannot be uploaded.`);
    const url = readLink(upload.uploadMeta.uploadUrl, client.allowPrivateAddresses);
    await client.withDispatcher((dispatcher) => put(dispatcher, url, upload), uploadOperation);
  } finally {
    if (upload.body instanceof Readable) upload.body.destroy();
  }
}

async function put(dispatcher: Dispatcher, url: URL, upload: Upload): Promise<void> {
  const { uploadMeta, size, contentMD5, now = Date.now } = upload;
  const body = new MeteredBody(upload.body, size, uploadOperation);
  const headers = uploadHeaders(url, uploadMeta, { size, contentMD5 });
  const transmission = { ...upload, operation: uploadOperation, method: 'PUT', url, headers, body } as const;
  await transmit(dispatcher, transmission, async (answer, timeoutMs) => {
    const text = await readText(answer.body, timeoutMs, maximumAnswerBytes).catch(() => null);
    if (answer.statusCode >= 300) throw refusal(answer, text ?? '', now());
    if (!body.isComplete) throw tooEarly(uploadOperation, answer.statusCode);
  });
}

function readLink(link: string, allowPrivateAddresses: boolean): URL {
  try {
    return assertPublicUrl(link, {
      allowPrivateAddresses,
      protocols: allowPrivateAddresses ? ['https:', 'http:'] : ['https:'],
    });
  } catch (error) {
    if (!(error instanceof ForbiddenAddressError)) throw error;
    throw new ShowpadError({
      operation: uploadOperation,
      kind: 'protocol',
      title: 'The upload link is not allowed',
      detail: error.message,
      retryable: false,
      outcomeUnknown: false,
    });
  }
}

function refusal(
  { statusCode: status, headers }: Dispatcher.ResponseData,
  xml: string,
  now: number,
): ShowpadError {
  const title = element(xml, 'Code') ?? STATUS_CODES[status] ?? 'Unknown status';
  return new ShowpadError({
    operation: uploadOperation,
    kind: 'response',
    status,
    title,
    detail: element(xml, 'Message') ?? '',
    retryAfterSeconds: parseRetryAfter(single(headers['retry-after']), now),
    ...(transientCodes.has(title) ? { retryable: true } : {}),
  });
}

/** Only the code and the message: the rest of a storage's error may hold the signature and what it signs. */
function element(xml: string, name: 'Code' | 'Message'): string | undefined {
  return new RegExp(`<${name}>([^<]{1,300})</${name}>`).exec(xml)?.[1];
}
