import { parseSources, type Source } from './source.ts';

/** Another look at the secret costs a call, and a stranger can provoke it: at most one in this time. */
const quietMs = 30_000;

/** The sources that are set up, read from their secret and read again when something does not fit. */
export class SourceRegistry {
  readonly #read: (options: { fresh: boolean }) => Promise<string>;
  readonly #now: () => number;
  #freshAt = Number.NEGATIVE_INFINITY;
  #parsed: { readonly json: string; readonly sources: ReadonlyMap<string, Source> } | undefined;

  /** @param read gives the secret's JSON; `fresh` asks it to pass by any cache */
  constructor(read: (options: { fresh: boolean }) => Promise<string>, now: () => number = Date.now) {
    this.#read = read;
    this.#now = now;
  }

  /** @throws {Error} when the secret cannot be read or is not usable */
  async find(name: string): Promise<Source | undefined> {
    return (await this.#load(false)).get(name) ?? (await this.findFresh(name));
  }

  /** The source as the secret says now, or undefined when it was read freshly within the last 30 s. */
  async findFresh(name: string): Promise<Source | undefined> {
    if (this.#now() - this.#freshAt < quietMs) return undefined;
    const sources = await this.#load(true);
    this.#freshAt = this.#now();
    return sources.get(name);
  }

  async #load(fresh: boolean): Promise<ReadonlyMap<string, Source>> {
    const json = await this.#read({ fresh });
    if (json !== this.#parsed?.json) this.#parsed = { json, sources: parseSources(json) };
    return this.#parsed.sources;
  }
}
