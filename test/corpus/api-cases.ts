/** How Showpad, or something that answers in its place, misbehaves, and what must come of it. */
export interface BehaviourCase {
  readonly name: string;
  /** What the play of this row must end with. */
  readonly result: string;
  readonly why?: string;
}

/** What is seen in a single call of the client. */
export const callCases = [
  { name: 't-uploadurl-internal', result: 'The upload link is not allowed; not retryable; nothing was sent' },
  { name: 't-uploadurl-http', result: 'The upload link is not allowed; not retryable; nothing was sent' },
  {
    name: 't-uploadurl-missing',
    result: 'protocol; retryable; outcome unknown',
    why: 'a file record may be left behind, which does no harm: the next try asks for another',
  },
  { name: 't-id-traversal', result: 'protocol; retryable' },
  {
    name: 't-id-missing',
    result: 'protocol; retryable; outcome unknown',
    why: 'the intent stands: look first',
  },
  { name: 't-200-html', result: 'protocol; retryable' },
  {
    name: 't-json-50MB',
    result: 'protocol; retryable',
    why: 'cut at 10 MiB: a page of assets may well have one',
  },
  { name: 't-307-put', result: 'response 307; the other host saw nothing' },
  { name: 't-ct-crlf', result: 'protocol; retryable; outcome unknown' },
  { name: 't-429-ra-0', result: 'again after 1 s' },
  { name: 't-429-ra-date', result: 'again after 90 s' },
  {
    name: 't-429-ra-huge',
    result: 'again after 900 s',
    why: 'the longest delay of a message; it costs no attempt',
  },
  { name: 't-429-ra-neg', result: 'again after a backoff of our own' },
  { name: 't-401-mid', result: '20 calls succeed; 2 loads of the token' },
  { name: 't-refresh-500', result: '20 calls fail; 1 load of the token; the next call loads again' },
  {
    name: 't-token-short',
    result: 'refused after 2 requests and 2 loads',
    why: 'one 401 is forgiven, no more',
  },
] as const satisfies readonly BehaviourCase[];

/** What is seen in the whole system. */
export const storyCases = [
  { name: 't-403-expired', result: 'done; 1 asset; 2 links' },
  { name: 't-400-md5', result: 'done; 1 asset; 2 links; 2 downloads' },
  { name: 't-409', result: 'done; 1 asset; 1 links' },
  { name: 't-503-storm', result: 'done; 1 asset; 1 links' },
  { name: 't-reset-after-effect', result: 'done; 1 asset; 1 links' },
  { name: 't-slow-effect', result: 'done; 1 asset; 1 links' },
  {
    name: 't-two-matches',
    result: 'failed EXTERNAL_ID_AMBIGUOUS; 2 assets',
    why: 'which one it is, a person says',
  },
] as const satisfies readonly BehaviourCase[];

export const ticketCases = [
  { name: 't-ticket-forever', result: 'failed PROCESSING_DEADLINE; 1 upload' },
  { name: 't-ticket-unknown', result: 'done; 1 upload' },
  {
    name: 't-ticket-404',
    result: 'failed OUTCOME_UNKNOWN; 1 upload',
    why: 'sent once: nothing is sent on a guess',
  },
  { name: 't-ticket-regress', result: 'done; 1 upload', why: 'what has ended is not looked at again' },
] as const satisfies readonly BehaviourCase[];

export const apiCases: readonly BehaviourCase[] = [...callCases, ...storyCases, ...ticketCases];
