import { assertPublicUrl, ForbiddenAddressError } from './public-addresses.ts';
import { describeUrl, SourceError } from './source-error.ts';

/**
 * Reads the URL of a source file, or of a redirect when `base` is given, under the rules of `assertPublicUrl`. What
 * its host name resolves to is checked by the dispatcher when it connects.
 * @throws {SourceError} SOURCE_URL_INVALID, or SOURCE_FORBIDDEN_ADDRESS for a host that is not public
 */
export function parseSourceUrl(text: string, allowPrivateAddresses: boolean, base?: URL): URL {
  const origin = base === undefined ? 'The URL of the file' : `The redirect of ${describeUrl(base)}`;
  try {
    const absolute = base === undefined ? text : URL.parse(text, base.href)?.href;
    return assertPublicUrl(absolute ?? text, { allowPrivateAddresses, ports: 'any' });
  } catch (error) {
    if (!(error instanceof ForbiddenAddressError)) throw error;
    const isHost = error.reason === 'host' || error.reason === 'address';
    const code = isHost ? 'SOURCE_FORBIDDEN_ADDRESS' : 'SOURCE_URL_INVALID';
    const message = `${origin} cannot be used. ${error.message} Send an http or https URL of a public host.`;
    throw new SourceError(code, message, { cause: error });
  }
}

const compactDate = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/;

function parameter(url: URL, name: string): string | null {
  for (const [key, value] of url.searchParams) if (key.toLowerCase() === name) return value;
  return null;
}

/**
 * When a signed URL stops working, in epoch milliseconds: AWS SigV4 and Google V4 (start and lifetime), CloudFront
 * and the older S3 and Google forms (`Expires`), Azure SAS (`se`). NaN when the URL says it expires but not when;
 * null when it does not look signed.
 */
export function urlExpiresAt(url: URL): number | null {
  for (const vendor of ['amz', 'goog']) {
    const lifetime = parameter(url, `x-${vendor}-expires`);
    if (lifetime === null) continue;
    const start = (parameter(url, `x-${vendor}-date`) ?? '').replace(compactDate, '$1-$2-$3T$4:$5:$6Z');
    return Date.parse(start) + Number(lifetime) * 1000;
  }
  const expires = parameter(url, 'expires');
  if (expires !== null) return Number(expires === '' ? NaN : expires) * 1000;
  const sharedAccessEnd = parameter(url, 'sig') === null ? null : parameter(url, 'se');
  return sharedAccessEnd === null ? null : Date.parse(sharedAccessEnd);
}
