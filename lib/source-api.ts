import type { Dispatcher } from 'undici';
import type { RequestedFile } from './events.ts';
import { credentialPatienceSeconds, sourceRequests } from './retry-rules.ts';
import { authorizationOf } from './source-authorization.ts';
import { SourceCredentialsError, type SourceCredentials } from './source-credentials.ts';
import { SourceError } from './source-error.ts';
import { readJsonAnswer, unreadable } from './source-json.ts';
import { requestSource, type Authorization, type SourceRequestOptions } from './source-request.ts';
import { retryQuickly, waitBetween } from './source-retry.ts';
import { parseSourceUrl } from './source-url.ts';
import { valuesAt } from './sources/json-path.ts';

/** Where the bytes of a file are to be had, for now. */
export interface FilePlace {
  readonly url: string;
  /** Where the file is the API's own answer. */
  readonly authorization?: Authorization;
}

export interface SourceApiOptions {
  readonly dispatcher: Dispatcher;
  readonly allowPrivateAddresses: boolean;
  readonly signal: AbortSignal | undefined;
}

/**
 * A source's own API, asked with the credential that is stored for the source. The credential goes to the origin that
 * is asked, and nowhere else: neither along a redirect to another one nor to the link that is answered.
 */
export class SourceApi {
  readonly #source: string;
  readonly #credentials: SourceCredentials;
  readonly #options: SourceRequestOptions;

  constructor(source: string, credentials: SourceCredentials, options: SourceApiOptions) {
    this.#source = source;
    this.#credentials = credentials;
    this.#options = {
      ...options,
      headersTimeoutMs: sourceRequests.headersTimeoutMs,
      maxRedirects: 3,
      now: Date.now,
    };
  }

  /**
   * Where the file is to be had.
   * @param isStale what was answered before did not work: the credential's token is renewed too
   * @throws {SourceError}
   */
  async locate({ request, link }: RequestedFile, isStale: boolean): Promise<FilePlace> {
    const url = this.#parse(request);
    if (link === undefined) return { url: url.href, authorization: await this.#authorize(url, isStale) };
    const answer = await this.#ask(url, isStale);
    const [found] = valuesAt(answer, link);
    if (typeof found?.value !== 'string') throw unreadable(url, `names no link at ${link} of its answer`);
    const target = URL.parse(found.value, url.href);
    if (target === null) throw unreadable(url, `names no link that can be used at ${link} of its answer`);
    return { url: target.href };
  }

  /**
   * The JSON that the API answers with.
   * @throws {SourceError}
   */
  ask(request: string): Promise<unknown> {
    return this.#ask(this.#parse(request), false);
  }

  async #ask(url: URL, isStale: boolean): Promise<unknown> {
    const retry = { signal: this.#options.signal, random: Math.random, sleep: waitBetween };
    return retryQuickly(sourceRequests.connectAttempts, retry, async () => {
      try {
        return await this.#askOnce(url, isStale);
      } catch (error) {
        const isRefused = error instanceof SourceError && error.code === 'SOURCE_CREDENTIAL_REFUSED';
        if (!isRefused || isStale) throw error;
        // An access token may have been withdrawn before its time.
        return this.#askOnce(url, true);
      }
    });
  }

  async #askOnce(url: URL, isRefused: boolean): Promise<unknown> {
    const authorization = await this.#authorize(url, isRefused);
    const options = { ...this.#options, authorization, accept: 'application/json' };
    const answer = await requestSource(url, options);
    return readJsonAnswer(answer.url, answer.body);
  }

  async #authorize(url: URL, isRefused: boolean): Promise<Authorization> {
    const credential = await this.#credentials.get(this.#source).catch((error: unknown) => {
      if (!(error instanceof SourceCredentialsError)) throw error;
      throw missing(error.message);
    });
    if (credential === undefined) {
      throw missing(
        `No credential is stored for the source ${this.#source}, whose API has to be asked for the file.`,
      );
    }
    return { origin: url.origin, value: await authorizationOf(credential, this.#options, isRefused) };
  }

  #parse(request: string): URL {
    return parseSourceUrl(request, this.#options.allowPrivateAddresses);
  }
}

function missing(message: string): SourceError {
  return new SourceError('SOURCE_CREDENTIAL_MISSING', message, {
    retryable: true,
    retryAfterSeconds: credentialPatienceSeconds,
  });
}
