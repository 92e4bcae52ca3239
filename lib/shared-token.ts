import { setTimeout as delay } from 'node:timers/promises';
import { TryAgain } from './reasons.ts';
import type { GrantCredentials } from './showpad/credentials.ts';
import { ShowpadError } from './showpad/errors.ts';
import type { TokenGrant } from './showpad/oauth-answer.ts';
import { CredentialsRefused, TooLateToSend } from './showpad/oauth.ts';
import type { AccessToken, Pause, RenewalRight, StoredToken, TokenStore } from './stored-token.ts';

/** A token, and until when its holder need not ask again, in milliseconds since 1970. */
export interface HeldToken {
  readonly token: string;
  readonly until: number;
}

export interface SharedTokenOptions {
  readonly store: TokenStore;
  readonly credentials: GrantCredentials;
  /** Asks the token endpoint; `requestTimeoutMs` is the longest that one request to it can take. */
  readonly ask: (credentials: GrantCredentials, mayStillSend: () => boolean) => Promise<TokenGrant>;
  readonly requestTimeoutMs: number;
  readonly onRenewed?: () => void;
  /** Told of each try that ends with the credentials refused. */
  readonly onRefused?: (why: string) => void;
  /** The clock of the wall: the others stand at no other, and it goes on while a container is frozen. */
  readonly now?: () => number;
  readonly random?: () => number;
  readonly sleep?: (delayMs: number) => Promise<unknown>;
}

const rightMs = 30_000;
// Clocks of two containers may differ by this much.
const clockSkewMs = 5_000;
const longestWaitMs = 6_000;
const quietAfterRefusalMs = 15 * 60_000;
const longestPauseMs = 300_000;
const secondLookMs = 5_000;
const replacementRestMs = 30_000;
/** Longer than any refresh token of Showpad's lives without being used. */
export const itemRetentionSeconds = 100 * 86_400;

/**
 * The access token of some credentials, one for all containers: kept in the table, renewed by one of them at a time
 * after about 80 % of its life. A renewed token, and the refresh token that came with it, is stored before anybody
 * uses it, and a refresh token is not used again once its successor is stored.
 *
 * What cannot be promised: a renewal whose answer is lost, or whose container dies before it has stored the answer,
 * may have used up the refresh token at Showpad. The next try sends it once more, and where Showpad refuses it then,
 * a person must put a new one into the secret. With the password grant the next try simply logs in again.
 */
export class SharedToken {
  readonly #options: SharedTokenOptions;
  readonly #now: () => number;
  readonly #random: () => number;
  readonly #sleep: (delayMs: number) => Promise<unknown>;
  /** What was got and could not be stored. */
  #unstored: { readonly right: RenewalRight; readonly token: AccessToken } | null = null;
  #pause: Pause | null = null;

  constructor(options: SharedTokenOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#random = options.random ?? Math.random;
    this.#sleep = options.sleep ?? delay;
  }

  /**
   * The newest token; renewed, if it is time and nobody else does it. Waits for another's renewal for 6 s at most.
   * @param refused a token that Showpad no longer takes
   * @throws {TryAgain} while there is none to be had: the credentials are refused, or the token endpoint fails
   */
  async obtain(refused: string | null): Promise<HeldToken> {
    const giveUpAt = this.#now() + longestWaitMs;
    if (this.#pause !== null && this.#pause.until > this.#now()) throw this.#putOff(this.#pause);
    for (;;) {
      await this.#storeUnstored();
      const stored = await this.#options.store.read();
      const { token, pause } = stored;
      const usable = token !== null && this.#isUsable(token, refused) ? token : null;
      if (usable !== null && this.#now() < renewalAt(usable, 0)) {
        return { token: usable.accessToken, until: renewalAt(usable, this.#random()) };
      }
      if (pause !== null && pause.until > this.#now()) {
        if (usable !== null) return held(usable, pause.until);
        this.#pause = pause;
        throw this.#putOff(pause);
      }
      const renewed = await this.#renew(stored, token !== null && token.accessToken === refused);
      if (renewed === 'look again') continue;
      if (renewed !== 'somebody else does') return held(renewed, renewalAt(renewed, this.#random()));
      if (usable !== null) return held(usable, this.#now() + secondLookMs);
      if (this.#now() >= giveUpAt) {
        throw new TryAgain('another invocation renews the access token', 5 + 5 * this.#random());
      }
      await this.#sleep(300 + 1_200 * this.#random());
    }
  }

  #isUsable(
    { accessToken, issuedAt, expiresAt, isReplacement }: AccessToken,
    refused: string | null,
  ): boolean {
    if (this.#now() >= expiresAt) return false;
    if (accessToken !== refused) return true;
    // Where even fresh tokens are refused, more of them are no cure.
    return isReplacement && this.#now() < issuedAt + replacementRestMs;
  }

  async #renew(
    stored: StoredToken,
    isReplacement: boolean,
  ): Promise<AccessToken | 'look again' | 'somebody else does'> {
    const { store, credentials, ask, requestTimeoutMs } = this.#options;
    const takenAt = this.#now();
    const right = await store.takeRight(stored, takenAt, takenAt + rightMs);
    if (right === null) return 'somebody else does';
    // Whoever comes next finds the right free only when nothing of this request can be under way any more.
    const sendUntil = takenAt + rightMs - clockSkewMs - requestTimeoutMs;
    const refreshToken = stored.token?.refreshToken ?? null;
    const isRefresh = credentials.grant === 'refresh_token';
    const grant = isRefresh && refreshToken !== null ? { ...credentials, refreshToken } : credentials;
    const issuedAt = this.#now();
    let answer: TokenGrant;
    try {
      answer = await ask(grant, () => this.#now() <= sendUntil);
    } catch (error) {
      if (error instanceof TooLateToSend) await store.release(right);
      else await store.pause(right, this.#pauseAfter(error, stored.pause?.failures ?? 0));
      return 'look again';
    }
    const token: AccessToken = {
      accessToken: answer.accessToken,
      issuedAt,
      expiresAt: issuedAt + answer.lifetimeSeconds * 1_000,
      isReplacement,
      refreshToken: isRefresh ? (answer.refreshToken ?? refreshToken) : null,
    };
    this.#unstored = { right, token };
    const isNewest = await this.#storeUnstored();
    this.#options.onRenewed?.();
    return isNewest ? token : 'look again';
  }

  /** False when there was nothing to store, or another was stored first. */
  async #storeUnstored(): Promise<boolean> {
    if (this.#unstored === null) return false;
    const { right, token } = this.#unstored;
    const expiresAt = Math.floor(this.#now() / 1_000) + itemRetentionSeconds;
    const isStored = await this.#options.store.store(right, token, expiresAt);
    this.#unstored = null;
    return isStored;
  }

  /** @throws what is neither Showpad's refusal nor its failure */
  #pauseAfter(error: unknown, failuresBefore: number): Pause {
    const failures = failuresBefore + 1;
    if (error instanceof CredentialsRefused) {
      this.#options.onRefused?.(error.reason);
      const until = this.#now() + quietAfterRefusalMs;
      return { until, why: error.message, isRefusal: true, failures };
    }
    if (!(error instanceof ShowpadError)) throw error;
    const { retryAfterSeconds, message } = error;
    const backoffMs = Math.min(longestPauseMs, 5_000 * 2 ** Math.min(failuresBefore, 10));
    const pauseMs =
      retryAfterSeconds === null ? backoffMs * (0.5 + this.#random() / 2) : retryAfterSeconds * 1_000;
    return { until: this.#now() + pauseMs, why: message, isRefusal: false, failures };
  }

  #putOff({ until, why, isRefusal }: Pause): TryAgain {
    const leftSeconds = (until - this.#now()) / 1_000;
    // A mended secret is seen when work looks again.
    if (isRefusal) {
      return new TryAgain(
        `${why} Put right ones into the secret.`,
        Math.min(leftSeconds, 60 + 60 * this.#random()),
      );
    }
    return new TryAgain(`there is no access token: ${why}`, leftSeconds + 5 * this.#random());
  }
}

function held({ accessToken, expiresAt }: AccessToken, until: number): HeldToken {
  return { token: accessToken, until: Math.min(until, expiresAt) };
}

/** After 72 to 88 % of its life. @param chance from 0 to 1 */
function renewalAt({ issuedAt, expiresAt }: AccessToken, chance: number): number {
  return issuedAt + (expiresAt - issuedAt) * (0.72 + 0.16 * chance);
}
