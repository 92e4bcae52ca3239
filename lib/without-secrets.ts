const longest = 20_000;

// Each of these takes time in proportion to the text, whatever the text is.
const patterns: readonly (readonly [RegExp, string])[] = [
  // The user, and the query or fragment, of a URL.
  [/\b([a-z][a-z0-9+.-]{1,20}:\/\/)[^\s/@"'<>]{1,300}@/gi, '$1…@'],
  [/\b(https?:\/\/[^\s?#"'<>]{1,8192})[?#][^\s"'<>]+/gi, '$1?…'],
  [/\b(bearer|basic)\s+[\w.~+/=-]{6,}/gi, '$1 …'],
  [/\bwhsec_[A-Za-z0-9+/=_-]{4,}/g, 'whsec_…'],
  [/\beyJ[\w-]{8,}\.[\w-]{4,}(?:\.[\w-]*)?/g, 'eyJ…'],
  [/\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g, 'AKIA…'],
  // `X-Amz-Signature=…`, `access_token=…`, `"client_secret": "…"`.
  [
    /\b((?:x-amz-|x-goog-)?(?:signature|credential|security-token|sig|(?:access_?|refresh_?|id_?)?token|api_?key|(?:client_?)?secret|password|passwd|hmac)["']?=["']?)[^\s&"'<>;,~]{3,}/gi,
    '$1…',
  ],
  [
    /\b((?:(?:access_?|refresh_?|id_?)?token|api_?key|(?:client_?)?secret|password|passwd)["']?:\s*["'])[^\s"'<>]{3,}/gi,
    '$1…',
  ],
  [
    /[\p{L}\p{N}_%+'-][\p{L}\p{N}._%+'-]{0,63}(?:@|%40)[\p{L}\p{N}-]{1,63}(?:\.[\p{L}\p{N}-]{1,63}){0,8}\.\p{L}{2,24}/giu,
    '…@…',
  ],
];

/**
 * A text without what is recognised as a secret or a person's: user names and queries of URLs, tokens, signing
 * secrets, keys, passwords, e-mail addresses. A text of more than 20,000 characters is cut there.
 */
export function withoutSecrets(text: string): string {
  const cut = text.length > longest ? `${text.slice(0, longest)}…` : text;
  return patterns.reduce((rest, [pattern, replacement]) => rest.replace(pattern, replacement), cut);
}

/** The same for every text within a value of JSON. */
export function withoutSecretsWithin<T>(value: T): T {
  // What goes in as a text comes out as one, so the form stays what it was.
  return strip(value) as T;
}

function strip(value: unknown): unknown {
  if (typeof value === 'string') return withoutSecrets(value);
  if (Array.isArray(value)) return value.map((item: unknown) => strip(item));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]: [string, unknown]) => [key, strip(item)]),
  );
}
