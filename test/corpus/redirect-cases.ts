import type { SourceFailureCode } from '../../lib/source-error.ts';

/** Where a source sends us on to, and how that ends. `{port}` is the port of a server on loopback. */
export interface RedirectCase {
  readonly to: string;
  readonly result: SourceFailureCode;
}

export const redirectCases: readonly RedirectCase[] = [
  { to: 'http://169.254.169.254/latest', result: 'SOURCE_FORBIDDEN_ADDRESS' },
  { to: 'http://[::1]/', result: 'SOURCE_FORBIDDEN_ADDRESS' },
  { to: 'file:///etc/passwd', result: 'SOURCE_URL_INVALID' },
  { to: 'http://127.0.0.1:{port}/x', result: 'SOURCE_FORBIDDEN_ADDRESS' },
  { to: '//169.254.169.254/', result: 'SOURCE_FORBIDDEN_ADDRESS' },
  { to: 'gopher://a.acme.com/', result: 'SOURCE_URL_INVALID' },
  // A chain that is longer than the limit.
  { to: '/again', result: 'SOURCE_TOO_MANY_REDIRECTS' },
];
