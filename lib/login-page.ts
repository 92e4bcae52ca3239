import type { ExpectedFile } from './source-answer.ts';
import { describeUrl, SourceError } from './source-error.ts';

const markup = /^\uFEFF?\s*<(?:!doctype\s+html|html|head|body|script|title|meta|!--)/i;
const markupTypes = new Set(['text/html', 'application/xhtml+xml']);
const markupExtensions = new Set(['html', 'htm', 'xhtml', 'xht', 'shtml']);

/** Bytes that are enough to tell a web page from a file. */
const markupPrefixBytes = 512;

/**
 * Whether a web page is not what was announced: the answer says it is one, the announced name or media type says
 * something else. Then the first bytes decide, because some servers call every download text/html.
 */
export function mayBeLoginPage(answered: string | null, expected: ExpectedFile): boolean {
  if (answered === null || !markupTypes.has(answered)) return false;
  const mediaType = expected.mediaType?.split(';', 1)[0]?.trim().toLowerCase();
  const extension = /\.([a-z0-9]{1,10})$/i.exec(expected.name ?? '')?.[1]?.toLowerCase();
  if (mediaType === undefined && extension === undefined) return false;
  return !markupTypes.has(mediaType ?? '') && !markupExtensions.has(extension ?? '');
}

/**
 * Passes a content on unless it begins like a web page.
 * @throws {SourceError} SOURCE_UNUSABLE, before the first byte
 */
export async function* refuseLoginPage(
  url: URL,
  pieces: AsyncIterable<Buffer>,
): AsyncGenerator<Buffer, void, undefined> {
  let prefix: Buffer = Buffer.alloc(0);
  for await (const piece of pieces) {
    if (prefix.length >= markupPrefixBytes) {
      yield piece;
      continue;
    }
    prefix = Buffer.concat([prefix, piece]);
    if (markup.test(prefix.subarray(0, markupPrefixBytes).toString('utf8'))) {
      throw new SourceError('SOURCE_UNUSABLE', `${describeUrl(url)} answered with a web page: a login page?`);
    }
    if (prefix.length >= markupPrefixBytes) yield prefix;
  }
  if (prefix.length > 0 && prefix.length < markupPrefixBytes) yield prefix;
}
