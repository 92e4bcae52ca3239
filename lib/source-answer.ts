import type { Dispatcher } from 'undici';
import { describeUrl, SourceError } from './source-error.ts';

type Headers = Dispatcher.ResponseData['headers'];

/** What the event announced about the file: its name and what its bytes must be. */
export type ExpectedFile = {
  name?: string | undefined;
  mediaType?: string | undefined;
  size?: number | undefined;
  md5?: string | undefined;
  sha256?: string | undefined;
};

/** What the first answer of a source tells about the representation it begins to send. */
export type Representation = {
  /** Bytes of the whole content, when the source declares them. */
  contentLength: number | null;
  /** The end of the body is marked (Content-Length or chunked coding), so a cut is seen as an error. */
  endIsMarked: boolean;
  mediaType: string | null;
  /** The header of a strong validator (RFC 9110, 8.8) for If-Range, or null. */
  validator: string | null;
  acceptsRanges: boolean;
};

/** The value of a header that may stand once; undefined when it is absent. */
export function singleHeader(headers: Headers, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
}

function strongValidator(headers: Headers): string | null {
  const entityTag = singleHeader(headers, 'etag');
  if (entityTag !== undefined) return /^"[^"]*"$/.test(entityTag) ? entityTag : null;
  const lastModified = singleHeader(headers, 'last-modified') ?? '';
  const ageMs = Date.parse(singleHeader(headers, 'date') ?? '') - Date.parse(lastModified);
  // A second version within the same second would carry the same date: only an older date is strong.
  return ageMs >= 60_000 ? lastModified : null;
}

function unusable(url: URL, why: string): SourceError {
  return new SourceError('SOURCE_UNUSABLE', `${describeUrl(url)} ${why}.`);
}

/** A content coding that is not identity, or a transfer coding that is not chunked; null when there is neither. */
function unwantedCoding(headers: Headers): string | null {
  const content = (singleHeader(headers, 'content-encoding') ?? '').trim().toLowerCase();
  if (content !== '' && content !== 'identity') return `content-encoding ${shortened(content)}`;
  const transfer = (singleHeader(headers, 'transfer-encoding') ?? 'chunked').trim().toLowerCase();
  return transfer === 'chunked' ? null : `transfer-encoding ${shortened(transfer)}`;
}

function shortened(value: string): string {
  return /^[a-z-]{1,20}$/.test(value) ? value : 'of no known name';
}

/** RFC 6838, 4.2. */
const mediaTypeName = /^[a-z0-9][\w!#$&^.+-]{0,126}\/[a-z0-9][\w!#$&^.+-]{0,126}$/;

/** Reads the headers of a 200. Throws a SourceError SOURCE_UNUSABLE for codings and contradicting lengths. */
export function readRepresentation(url: URL, headers: Headers): Representation {
  const coding = unwantedCoding(headers);
  if (coding !== null) throw unusable(url, `answered with ${coding} although identity was asked for`);
  const chunked = headers['transfer-encoding'] !== undefined;
  const declared = singleHeader(headers, 'content-length');
  if (declared !== undefined && (chunked || !/^\d{1,15}$/.test(declared))) {
    throw unusable(url, 'answered with an unusable or contradicting content-length');
  }
  const mediaType = (singleHeader(headers, 'content-type') ?? '').split(';', 1)[0]?.trim().toLowerCase();
  return {
    contentLength: declared === undefined ? null : Number(declared),
    endIsMarked: chunked || declared !== undefined,
    mediaType: mediaType !== undefined && mediaTypeName.test(mediaType) ? mediaType : null,
    validator: strongValidator(headers),
    acceptsRanges: singleHeader(headers, 'accept-ranges')?.trim().toLowerCase() !== 'none',
  };
}

/**
 * The total length that a 206 names when it continues the representation at `offset`, to its end and with the same
 * total and entity tag; null otherwise: only then may its bytes follow the ones already taken.
 */
export function continuedTotal(
  headers: Headers,
  offset: number,
  total: number | null,
  validator: string | null,
): number | null {
  const range = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15})$/.exec(
    singleHeader(headers, 'content-range') ?? '',
  );
  const [start, last, whole] = range === null ? [] : range.slice(1).map(Number);
  if (unwantedCoding(headers) !== null) return null;
  if (whole === undefined || start !== offset || last !== whole - 1) return null;
  if (total !== null && whole !== total) return null;
  const length = singleHeader(headers, 'content-length');
  if (length !== undefined && Number(length) !== whole - offset) return null;
  const entityTag = singleHeader(headers, 'etag');
  const sameTag = entityTag === undefined || validator?.startsWith('"') !== true || entityTag === validator;
  return sameTag ? whole : null;
}
