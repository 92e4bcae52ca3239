import type { HeldToken, SharedToken } from './shared-token.ts';
import type { Credentials, GrantCredentials } from './showpad/credentials.ts';
import type { TokenSource } from './showpad/token.ts';

export interface ShowpadTokenOptions {
  readonly readCredentials: () => Promise<Credentials>;
  readonly share: (credentials: GrantCredentials) => SharedToken;
  readonly now?: () => number;
}

/**
 * The bearer token of this container, by whichever of Showpad's credentials the secret holds: a personal token as it
 * is, or an access token that all containers share. While it is good, it costs no read of anything.
 */
export class ShowpadToken implements TokenSource {
  readonly #options: ShowpadTokenOptions;
  readonly #now: () => number;
  #held: HeldToken | null = null;
  #loading: Promise<string> | null = null;
  #refused: string | null = null;
  #shared: { readonly credentials: string; readonly token: SharedToken } | null = null;

  constructor(options: ShowpadTokenOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /** @throws {TryAgain} while there is none to be had */
  get(): Promise<string> {
    if (this.#held !== null && this.#now() < this.#held.until) return Promise.resolve(this.#held.token);
    this.#loading ??= this.#load().finally(() => {
      this.#loading = null;
    });
    return this.#loading;
  }

  reject(token: string): void {
    if (token !== this.#held?.token) return;
    this.#refused = token;
    this.#held = null;
  }

  async #load(): Promise<string> {
    for (;;) {
      const refused = this.#refused;
      const held = await this.#obtain(refused);
      // It was refused just now, while it was looked up again.
      if (held.token === this.#refused && this.#refused !== refused) continue;
      this.#held = held;
      return held.token;
    }
  }

  async #obtain(refused: string | null): Promise<HeldToken> {
    const credentials = await this.#options.readCredentials();
    if ('token' in credentials) return { token: credentials.token, until: Number.POSITIVE_INFINITY };
    const text = JSON.stringify(credentials);
    if (this.#shared?.credentials !== text) {
      this.#shared = { credentials: text, token: this.#options.share(credentials) };
    }
    return this.#shared.token.obtain(refused);
  }
}
