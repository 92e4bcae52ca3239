import { TryAgain } from './reasons.ts';
import { credentialsFaults, credentialsSchema, type Credentials } from './showpad/credentials.ts';

const shortestAgeMs = 30_000;

/**
 * Showpad's credentials as the secret holds them. A read is good for 30 s, so that a mended secret is soon seen
 * and a refused one is not read again and again.
 */
export class CredentialsSecret {
  readonly #readSecret: () => Promise<string>;
  readonly #now: () => number;
  #last: Credentials | null = null;
  #reading: Promise<Credentials> | null = null;
  #readAt = Number.NEGATIVE_INFINITY;

  constructor(readSecret: () => Promise<string>, now: () => number = Date.now) {
    this.#readSecret = readSecret;
    this.#now = now;
  }

  /**
   * Concurrent callers share one read. Where that fails, the credentials of the last one do.
   * @throws {TryAgain} when the secret is not usable: work waits until it is
   */
  get(): Promise<Credentials> {
    if (this.#reading !== null && this.#now() < this.#readAt + shortestAgeMs) return this.#reading;
    this.#readAt = this.#now();
    const reading = this.#read().catch((error: unknown) => {
      // What is wrong with the secret itself stays so for a while.
      if (!(error instanceof TryAgain) && this.#reading === reading) this.#reading = null;
      throw error;
    });
    this.#reading = reading;
    return reading;
  }

  async #read(): Promise<Credentials> {
    const json = await this.#readSecret().catch((error: unknown) => {
      if (this.#last === null) throw error;
      return null;
    });
    if (json === null && this.#last !== null) return this.#last;
    this.#last = parseCredentials(json ?? '');
    return this.#last;
  }
}

function parseCredentials(json: string): Credentials {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw new TryAgain(`The secret with Showpad's credentials is not JSON. It must be {"token":"…"}.`);
  }
  const parsed = credentialsSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const faults = credentialsFaults(value).join('; ');
  throw new TryAgain(`The secret with Showpad's credentials is not usable. ${faults}.`);
}
