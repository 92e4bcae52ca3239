import * as z from 'zod';

const shortestAgeMs = 30_000;
const text = z.string().min(1);

const credentialSchema = z.union(
  [
    z.strictObject({ token: text }),
    z.strictObject({ basic: z.strictObject({ username: text, password: text }) }),
    z.strictObject({
      oauth: z.strictObject({
        tokenUrl: z.url({ protocol: /^https?$/, error: 'must be an http or https URL' }),
        clientId: text,
        clientSecret: text,
        scope: text.optional(),
      }),
    }),
  ],
  { error: 'must be {"token"}, {"basic": {"username","password"}} or {"oauth": {…}}' },
);

/** How a source lets itself be asked for files. */
export type SourceCredential = z.output<typeof credentialSchema>;

export const sourceCredentialsSchema = z.record(z.string(), credentialSchema);

/** What the secret with the credentials of the sources is wrong with; never a value. */
export class SourceCredentialsError extends Error {
  override readonly name = 'SourceCredentialsError';
}

/**
 * The credentials by which files are asked for from the sources' own APIs, read from a secret of their own. A read is
 * good for 30 s, so that what is put into the secret is soon seen.
 */
export class SourceCredentials {
  readonly #read: () => Promise<string | null>;
  readonly #now: () => number;
  #reading: Promise<z.output<typeof sourceCredentialsSchema>> | null = null;
  #readAt = Number.NEGATIVE_INFINITY;

  /** @param read gives the secret's JSON, or null where there is no such secret */
  constructor(read: () => Promise<string | null>, now: () => number = Date.now) {
    this.#read = read;
    this.#now = now;
  }

  /**
   * The credential of a source; undefined when there is none.
   * @throws {SourceCredentialsError} when the secret is not usable
   */
  async get(source: string): Promise<SourceCredential | undefined> {
    if (this.#reading === null || this.#now() >= this.#readAt + shortestAgeMs) {
      this.#readAt = this.#now();
      const reading = this.#parse();
      reading.catch(() => {
        if (this.#reading === reading) this.#reading = null;
      });
      this.#reading = reading;
    }
    const all = await this.#reading;
    return Object.hasOwn(all, source) ? all[source] : undefined;
  }

  async #parse(): Promise<z.output<typeof sourceCredentialsSchema>> {
    const json = await this.#read();
    if (json === null) return {};
    let value: unknown;
    try {
      value = JSON.parse(json);
    } catch {
      throw new SourceCredentialsError("The secret with the sources' credentials is not JSON.");
    }
    const parsed = sourceCredentialsSchema.safeParse(value);
    if (parsed.success) return parsed.data;
    const faults = parsed.error.issues.map(({ path, message }) => `${path.join('.') || '(all)'}: ${message}`);
    throw new SourceCredentialsError(
      `The secret with the sources' credentials is not usable. ${faults.join('; ')}.`,
    );
  }
}
