import type { UploadMeta } from './files.ts';

/**
 * The headers of a PUT to a pre-signed link. A storage service refuses a signed header that is missing as well
 * as an `x-amz-` header that was not signed, so the link's `X-Amz-SignedHeaders` decides which metadata is sent;
 * a link without that parameter gets all of it, save what it carries as query parameters already.
 */
export function uploadHeaders(
  url: URL,
  { suggestedContentType, metadata }: UploadMeta,
  content: { readonly size: number; readonly contentMD5: string },
): Record<string, string> {
  const query = new Map([...url.searchParams].map(([name, value]) => [name.toLowerCase(), value]));
  const signed = query.get('x-amz-signedheaders')?.toLowerCase().split(';');
  const headers: Record<string, string> = {
    'content-length': String(content.size),
    'content-md5': content.contentMD5,
  };
  if (suggestedContentType) headers['content-type'] = suggestedContentType;

  for (const [key, value] of Object.entries(metadata ?? {})) {
    const plain = key.toLowerCase();
    const prefixed = plain.startsWith('x-amz-') ? plain : `x-amz-meta-${plain}`;
    const name = signed === undefined ? prefixed : [prefixed, plain].find((one) => signed.includes(one));
    if (name !== undefined && !query.has(name) && !(name in headers)) headers[name] = value;
  }
  return headers;
}
