import { setTimeout as delay } from 'node:timers/promises';
import type { Dispatcher } from 'undici';
import * as z from 'zod';
import { attemptTimeoutMs } from '../retry-rules.ts';
import { readV3Answer, readV4Answer } from './answer.ts';
import type { Answer } from './answer.ts';
import { readBudget } from './budget.ts';
import { checkAnswer } from './checked-answer.ts';
import { Connections } from './connections.ts';
import { ShowpadError, type Method, type Operation } from './errors.ts';
import { commonHeaders, exchange, protocolError, readRawAnswer } from './exchange.ts';
import type { RawAnswer } from './exchange.ts';
import type { MultipartForm } from './multipart-form.ts';
import type { PacedRequest, Pacer } from './pacer.ts';
import type { Path } from './path.ts';
import { queryString } from './query-string.ts';
import type { QueryValue } from './query-string.ts';
import { repeatDelayMs } from './repeat-delay.ts';
import type { TokenSource } from './token.ts';
import { tooEarly, transmit } from './transmit.ts';
import type { TransmissionLimits } from './transmit.ts';

export interface ShowpadClientOptions {
  /** Such as `https://acme.api.showpad.com/v4`. */
  readonly v4Url: string;
  /** Such as `https://acme.showpad.biz/api/v3`. */
  readonly v3Url: string;
  readonly token: TokenSource;
  /** Makes the connection pool; called again after each `endInvocation`. */
  readonly createDispatcher: () => Dispatcher;
  /** Lets upload links be http and point at private addresses: for a stack on one machine. */
  readonly allowPrivateAddresses?: boolean;
  /** Told of every HTTP answer; `status` is null when none came, `api` for what goes to an upload link. */
  readonly onResponse?: (response: {
    api: 'v4' | 'v3' | null;
    operation: Operation;
    status: number | null;
    durationMs: number;
  }) => void;
  /** Told when a call has got a 401 with a renewed token too. */
  readonly onTokenRefused?: (operation: Operation) => void;
  /** Ends the calls of the work that is under way, beside a call's own signal. */
  readonly signal?: () => AbortSignal | undefined;
  /** Called right before each request that may have an effect; what it throws stops the request. */
  readonly beforeWrite?: () => void;
  /** Asked before every request, repeats too, and told of its answer; without one nothing waits. */
  readonly pacer?: Pacer;
  readonly now?: () => number;
  readonly random?: () => number;
  readonly sleep?: (delayMs: number, signal?: AbortSignal) => Promise<void>;
}

export interface Call {
  readonly api: 'v4' | 'v3';
  readonly method: Method;
  readonly path: Path;
  readonly query?: Readonly<Record<string, QueryValue>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly operation: Operation;
  /** Whether repeating it does no harm; by default only for GET. */
  readonly idempotent?: boolean;
  /** `normal` by default. */
  readonly urgency?: PacedRequest['urgency'];
  /** For one attempt, 15 s by default; what is left of the 20 s that all attempts have together, if that is less. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
}

/** A form for API v3, sent once. */
export interface FormCall extends TransmissionLimits {
  readonly path: Path;
  readonly form: MultipartForm;
  readonly operation: Operation;
}

/**
 * Talks to one Showpad organisation over both of its APIs. Every failure of Showpad's is a ShowpadError; a
 * failing token source and a pacer throw what they throw.
 */
export class ShowpadClient {
  readonly allowPrivateAddresses: boolean;
  readonly #options: ShowpadClientOptions;
  readonly #urls: { readonly v4: string; readonly v3: string };
  readonly #connections: Connections;
  readonly #now: () => number;
  readonly #random: () => number;
  readonly #sleep: (delayMs: number, signal?: AbortSignal) => Promise<void>;

  constructor(options: ShowpadClientOptions) {
    this.#options = options;
    this.#urls = { v4: options.v4Url.replace(/\/+$/, ''), v3: options.v3Url.replace(/\/+$/, '') };
    this.allowPrivateAddresses = options.allowPrivateAddresses ?? false;
    this.#connections = new Connections(options.createDispatcher, options.now);
    this.#now = options.now ?? Date.now;
    this.#random = options.random ?? Math.random;
    this.#sleep = options.sleep ?? ((delayMs, signal) => delay(delayMs, undefined, signal && { signal }));
  }

  /**
   * Makes a call and checks its answer against `schema`. One 401 is forgiven: the token is renewed and the call
   * made once more. Idempotent calls are repeated at most twice, within 20 s, with full jitter; a Retry-After
   * of more than 5 s, and a 429 without one, is left to the caller.
   * @throws ShowpadError
   */
  async request<T>(asked: Call & { readonly schema: z.ZodType<T> }): Promise<T> {
    const call = { ...asked, signal: asked.signal ?? this.#options.signal?.() };
    const startedAt = this.#now();
    for (let repeat = 0; ; repeat += 1) {
      const timeoutMs = attemptTimeoutMs(this.#now() - startedAt, call.timeoutMs);
      try {
        return await this.#attempt({ ...call, timeoutMs });
      } catch (error) {
        const elapsedMs = this.#now() - startedAt;
        const delayMs = repeatDelayMs(call, error, { repeat, elapsedMs, random: this.#random });
        if (delayMs === null) throw error;
        await this.#sleep(delayMs, call.signal).catch(() => undefined);
      }
    }
  }

  /**
   * Yields the items of an offset-paged list, `{count, items}`, page by page as they are needed.
   * @throws ShowpadError
   */
  async *paginate<T>(
    call: Call,
    itemSchema: z.ZodType<T>,
    pageSize = 100,
  ): AsyncGenerator<T, void, undefined> {
    const schema = z.object({ count: z.number(), items: z.array(itemSchema) });
    for (let offset = 0; ;) {
      const query = { ...call.query, limit: pageSize, offset };
      const { count, items } = await this.request({ ...call, query, schema });
      yield* items;
      offset += items.length;
      if (items.length === 0 || offset >= count) return;
    }
  }

  /**
   * Posts a form to API v3, streamed, and checks the answer against `schema`. A stream cannot be sent twice, so
   * there is one try: a 401 renews the token and is retryable, with a new form.
   * @throws ShowpadError, whose outcome is known unless the whole form was sent or a success was answered
   */
  async postForm<T>(call: FormCall & { readonly schema: z.ZodType<T> }): Promise<T> {
    const { operation, form } = call;
    const token = await this.#options.token.get();
    const answer = await this.#observe({ ...call, api: 'v3' }, (dispatcher) => {
      const headers = {
        ...commonHeaders(token),
        'content-type': form.contentType,
        'content-length': String(form.contentLength),
      };
      const transmission = {
        ...call,
        method: 'POST',
        url: this.#url('v3', call.path),
        headers,
        body: form,
      } as const;
      this.#options.beforeWrite?.();
      return transmit(dispatcher, transmission, (received, timeoutMs) =>
        readRawAnswer(received, { operation, token, timeoutMs, now: this.#now }),
      );
    });
    if (answer.status === 401) this.#options.token.reject(token);
    if (answer.status < 300 && !form.isComplete) throw tooEarly(operation, answer.status);
    return checkAnswer(call, answer, {
      ...(answer.status === 401 ? { retryable: true } : {}),
      ...(form.isComplete ? {} : { outcomeUnknown: false }),
    });
  }

  /** Runs `task` on the client's own sockets, for a request to an upload link: it counts as a write. */
  async withDispatcher<T>(task: (dispatcher: Dispatcher) => Promise<T>, operation: Operation): Promise<T> {
    let startedAt: number | null = null;
    let status: number | null = 200;
    try {
      return await this.withSockets((dispatcher) => {
        this.#options.beforeWrite?.();
        startedAt = this.#now();
        return task(dispatcher);
      });
    } catch (error) {
      status = error instanceof ShowpadError ? error.status : null;
      throw error;
    } finally {
      if (startedAt !== null) this.#tell(null, operation, status, startedAt);
    }
  }

  /** Runs `task` on the client's own sockets, for requests that change nothing in Showpad's library. */
  withSockets<T>(task: (dispatcher: Dispatcher) => Promise<T>): Promise<T> {
    return this.#connections.use(task);
  }

  /**
   * To be awaited at the end of each invocation: closes the pooled sockets, so that none survives a frozen
   * container. Requests under way finish gracefully on the old ones.
   */
  endInvocation(): Promise<void> {
    return this.#connections.renew();
  }

  /** Waits for requests under way and closes all sockets. */
  close(): Promise<void> {
    return this.#connections.close();
  }

  async #attempt<T>(call: Call & { readonly schema: z.ZodType<T> }): Promise<T> {
    let token = await this.#options.token.get();
    let answer = await this.#exchange(call, token);
    if (answer.status === 401) {
      this.#options.token.reject(token);
      token = await this.#options.token.get();
      answer = await this.#exchange(call, token);
      if (answer.status === 401) {
        this.#options.token.reject(token);
        this.#options.onTokenRefused?.(call.operation);
      }
    }
    return checkAnswer(call, answer);
  }

  #exchange(call: Call, token: string): Promise<Answer & RawAnswer> {
    const { api, operation, method, body, timeoutMs = attemptTimeoutMs(0), signal } = call;
    const url = this.#url(api, call.path) + queryString(call.query ?? {});
    return this.#observe(call, (dispatcher) => {
      if (method !== 'GET') this.#options.beforeWrite?.();
      return exchange(dispatcher, { operation, method, url, token, body, timeoutMs, signal, now: this.#now });
    });
  }

  #url(api: Call['api'], callPath: Path): string {
    return this.#urls[api] + callPath;
  }

  async #observe(
    { api, operation, signal, urgency = 'normal' }: Pick<Call, 'api' | 'operation' | 'signal' | 'urgency'>,
    ask: (dispatcher: Dispatcher) => Promise<RawAnswer>,
  ): Promise<Answer & RawAnswer> {
    const turn = await this.#options.pacer?.turn({ api, operation, signal, urgency });
    const startedAt = this.#now();
    let status: number | null = null;
    let raw: RawAnswer;
    let answer: Answer | null;
    try {
      raw = await this.#connections.use(ask);
      answer = api === 'v4' ? readV4Answer(raw.status, raw.body) : readV3Answer(raw.status, raw.body);
      status = answer?.status ?? raw.status;
    } finally {
      this.#tell(api, operation, status, startedAt);
    }
    const budget = api === 'v4' ? null : readBudget(raw.body);
    await turn?.answered({ status, retryAfterSeconds: raw.retryAfterSeconds, budget });
    if (answer === null) throw protocolError(operation, raw.status, 'The answer has no meta and response.');
    return { ...raw, ...answer };
  }

  #tell(api: Call['api'] | null, operation: Operation, status: number | null, startedAt: number): void {
    this.#options.onResponse?.({ api, operation, status, durationMs: this.#now() - startedAt });
  }
}
