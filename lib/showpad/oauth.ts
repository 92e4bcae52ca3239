import { STATUS_CODES } from 'node:http';
import { Readable } from 'node:stream';
import { request } from 'undici';
import type { Dispatcher } from 'undici';
import type { GrantCredentials } from './credentials.ts';
import { ShowpadError } from './errors.ts';
import type { Operation } from './errors.ts';
import { protocolError, readRawAnswer } from './exchange.ts';
import type { RawAnswer } from './exchange.ts';
import { transportFailure } from './failure.ts';
import { readTokenAnswer } from './oauth-answer.ts';
import type { TokenFailure, TokenGrant } from './oauth-answer.ts';

/** The credentials are refused: only a person can put that right. */
export class CredentialsRefused extends Error {
  override readonly name = 'CredentialsRefused';
  /** Such as `invalid_grant`; a status where the server gives no code. */
  readonly reason: string;

  constructor(reason: string) {
    super(`Showpad refuses the connector's credentials (${reason}).`);
    this.reason = reason;
  }
}

/** The time in which the request could be sent was over before it was: nothing has been sent. */
export class TooLateToSend extends Error {
  override readonly name = 'TooLateToSend';
}

export interface TokenEndpointOptions {
  /** Such as `https://acme.showpad.biz/api/v3`. */
  readonly v3Url: string;
  /** Runs a task on the sockets to use. */
  readonly withDispatcher: <T>(task: (dispatcher: Dispatcher) => Promise<T>) => Promise<T>;
  /** From the first byte that is sent to the last of the answer; 10 s by default. */
  readonly timeoutMs?: number;
  /** Told of every HTTP answer; `status` is null when none came. */
  readonly onResponse?: (response: {
    operation: Operation;
    status: number | null;
    durationMs: number;
  }) => void;
  readonly now?: () => number;
}

type ClientAuthentication = 'basic' | 'body';

const operation: Operation = 'POST /oauth2/token';

/** Showpad's OAuth2 token endpoint (RFC 6749, sections 4.3 and 6), form-encoded. */
export class TokenEndpoint {
  readonly timeoutMs: number;
  readonly #options: TokenEndpointOptions;
  readonly #now: () => number;
  /** What this server has been seen to take. */
  #authentication: ClientAuthentication | null = null;

  constructor(options: TokenEndpointOptions) {
    this.#options = options;
    this.timeoutMs = options.timeoutMs ?? 10_000;
    this.#now = options.now ?? Date.now;
  }

  /**
   * Asks for an access token, with at most two requests: the client signs in by HTTP Basic, and where the server
   * does not take that, once more in the body.
   * @param mayStillSend is asked when a request is about to be written; no byte of it is sent when it says no
   * @throws {CredentialsRefused}
   * @throws {TooLateToSend}
   * @throws {ShowpadError} for everything that may pass: faults of the server, 429, no answer
   */
  async ask(credentials: GrantCredentials, mayStillSend: () => boolean = () => true): Promise<TokenGrant> {
    let failure: TokenFailure | null = null;
    for (const authentication of this.#formsFor(credentials)) {
      const answer = await this.#send(credentials, authentication, mayStillSend);
      if ('accessToken' in answer) {
        this.#authentication = authentication;
        return answer;
      }
      failure = answer;
      // It knows the client, and refuses what the client has brought.
      if (answer.code === 'invalid_grant') break;
    }
    this.#authentication = null;
    throw new CredentialsRefused(failure?.name || `status ${failure?.status}`);
  }

  #formsFor({ clientId }: GrantCredentials): ClientAuthentication[] {
    if (this.#authentication !== null) return [this.#authentication];
    // The colon would end the id.
    return clientId.includes(':') ? ['body'] : ['basic', 'body'];
  }

  async #send(
    credentials: GrantCredentials,
    authentication: ClientAuthentication,
    mayStillSend: () => boolean,
  ): Promise<TokenGrant | TokenFailure> {
    const raw = await this.#exchange(credentials, authentication, mayStillSend);
    const answer = readTokenAnswer(raw.status, raw.body);
    if (answer === null) throw protocolError(operation, raw.status, 'The answer holds no access token.');
    if ('accessToken' in answer || isRefusal(answer)) return answer;
    const { status, name } = answer;
    throw new ShowpadError({
      operation,
      kind: 'response',
      status,
      title: name || (STATUS_CODES[status] ?? 'Unknown status'),
      retryable: true,
      retryAfterSeconds: raw.retryAfterSeconds,
    });
  }

  async #exchange(
    credentials: GrantCredentials,
    authentication: ClientAuthentication,
    mayStillSend: () => boolean,
  ): Promise<RawAnswer> {
    const { timeoutMs } = this;
    const body = Buffer.from(formOf(credentials, authentication).toString());
    let isTooLate = false;
    // The body is asked for when the connection stands, and the head goes out with its first byte.
    const lastMoment = function* (): Generator<Buffer> {
      isTooLate = !mayStillSend();
      if (isTooLate) throw new TooLateToSend('The time to send the request was over.');
      yield body;
    };
    const startedAt = this.#now();
    const signal = AbortSignal.timeout(timeoutMs);
    let status: number | null = null;
    try {
      return await this.#options.withDispatcher(async (dispatcher) => {
        const answer = await request(`${this.#options.v3Url.replace(/\/+$/, '')}/oauth2/token`, {
          dispatcher,
          method: 'POST',
          headers: { ...headersOf(credentials, authentication), 'content-length': String(body.length) },
          body: Readable.from(lastMoment(), { objectMode: false }),
          headersTimeout: timeoutMs,
          bodyTimeout: timeoutMs,
          signal,
        });
        status = answer.statusCode;
        const { clientSecret: token } = credentials;
        return readRawAnswer(answer, { operation, token, timeoutMs, now: this.#now });
      });
    } catch (error) {
      if (isTooLate) throw new TooLateToSend('The time to send the request was over.');
      if (signal.aborted && !(error instanceof ShowpadError)) {
        throw new ShowpadError({ operation, kind: 'timeout', title: 'No answer in time' });
      }
      throw transportFailure(error, { operation });
    } finally {
      this.#options.onResponse?.({ operation, status, durationMs: this.#now() - startedAt });
    }
  }
}

/** A refusal stands until somebody changes something; anything else may pass. */
function isRefusal({ status, code }: TokenFailure): boolean {
  if (code === 'server_error' || code === 'temporarily_unavailable') return false;
  return status === 400 || status === 401 || status === 403;
}

function headersOf(
  { clientId, clientSecret }: GrantCredentials,
  authentication: ClientAuthentication,
): Record<string, string> {
  const basic = Buffer.from(`${clientId}:${clientSecret}`).toString('base64');
  return {
    accept: 'application/json',
    'content-type': 'application/x-www-form-urlencoded',
    'user-agent': 'showpad-connector',
    ...(authentication === 'basic' && { authorization: `Basic ${basic}` }),
  };
}

function formOf(credentials: GrantCredentials, authentication: ClientAuthentication): URLSearchParams {
  const { clientId, clientSecret } = credentials;
  return new URLSearchParams({
    grant_type: credentials.grant,
    ...(credentials.grant === 'password'
      ? { username: credentials.username, password: credentials.password }
      : { refresh_token: credentials.refreshToken }),
    ...(authentication === 'body' && { client_id: clientId, client_secret: clientSecret }),
  });
}
