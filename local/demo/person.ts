import { request } from 'undici';
import type { Dispatcher } from 'undici';
import * as z from 'zod';
import { readAnswer } from './read-answer.ts';

const references = z.object({ id: z.string() }).array();
const assetSchema = z.object({ division: z.object({ id: z.string() }), tags: references });
const tagSchema = z.object({ id: z.string() });

/** How a person's requests can be told from the connector's. */
export const personUserAgent = 'a person in Showpad';

/** Somebody who works in Showpad beside the connector; signs in with a token and knows API v4 alone. */
export class Person {
  readonly #v4Url: string;
  readonly #token: string;
  readonly #dispatcher: Dispatcher;
  readonly #signal: AbortSignal;

  constructor(v4Url: string, token: string, dispatcher: Dispatcher, signal: AbortSignal) {
    this.#v4Url = v4Url;
    this.#token = token;
    this.#dispatcher = dispatcher;
    this.#signal = signal;
  }

  /**
   * Makes a tag of their own and puts it on an asset, beside those that are there.
   * @throws {Error} when Showpad does not let them
   */
  async tagAsset(assetId: string, name: string): Promise<void> {
    const { division, tags } = await this.#call('GET', `/assets/${assetId}`, assetSchema);
    const { id } = await this.#call('POST', '/tags', tagSchema, { name, division });
    await this.#call('POST', `/assets/${assetId}`, assetSchema, { tags: [...tags, { id }] });
  }

  async #call<Answer>(
    method: 'GET' | 'POST',
    path: string,
    schema: z.ZodType<Answer>,
    body?: object,
  ): Promise<Answer> {
    const { statusCode, body: answer } = await request(`${this.#v4Url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.#token}`,
        'content-type': 'application/json',
        'user-agent': personUserAgent,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      dispatcher: this.#dispatcher,
      signal: this.#signal,
    });
    const text = await answer.text();
    if (statusCode >= 300) throw new Error(`Showpad answered ${method} ${path} with ${statusCode}: ${text}`);
    return readAnswer(`Showpad's answer to ${method} ${path}`, text, schema);
  }
}
