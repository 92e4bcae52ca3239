import { parseSources } from './source-list.ts';
import type { Source } from './source.ts';

type Sources = ReadonlyMap<string, Source>;
interface Look {
  readonly at: number;
  readonly sources: Promise<Sources>;
  state: 'open' | 'done' | 'failed';
}

/** Another look at the secret costs a call, and a stranger can provoke it: at most one in this time. */
const quietMs = 30_000;
const none: Sources = new Map();

/** The sources that are set up, read from their secret and read again when something does not fit. */
export class SourceRegistry {
  readonly #read: (options: { fresh: boolean }) => Promise<string>;
  readonly #now: () => number;
  #look: Look | undefined;
  #parsed: { readonly json: string; readonly sources: Sources } | undefined;

  /** @param read gives the secret's JSON; `fresh` asks it to pass by any cache */
  constructor(read: (options: { fresh: boolean }) => Promise<string>, now: () => number = Date.now) {
    this.#read = read;
    this.#now = now;
  }

  /** @throws {Error} when the secret cannot be read or is not usable */
  async find(name: string): Promise<Source | undefined> {
    return (await this.#load(false)).get(name) ?? (await this.findFresh(name));
  }

  /** All sources as they were last read; the same map until that brings something new. */
  get latest(): ReadonlyMap<string, Source> {
    return this.#parsed?.sources ?? none;
  }

  /**
   * All sources that are meant; where there is none, as the secret says now, unless it was read freshly within 30 s.
   * @throws {Error} when the secret cannot be read or is not usable
   */
  async findAll(isMeant: (source: Source) => boolean): Promise<readonly Source[]> {
    const known = [...(await this.#load(false)).values()].filter(isMeant);
    if (known.length > 0) return known;
    return [...((await this.#fresh()) ?? none).values()].filter(isMeant);
  }

  /**
   * The source as the secret says now, or undefined when it was read freshly within the last 30 s. Callers that come
   * at once share one look.
   * @throws {Error} when the secret cannot be read or is not usable: that says nothing about the sender, so the next
   * caller looks again
   */
  async findFresh(name: string): Promise<Source | undefined> {
    return (await this.#fresh())?.get(name);
  }

  /**
   * The source as the secret says now, however often that is asked: for people, not for strangers.
   * @throws {Error} when the secret cannot be read or is not usable
   */
  async findNow(name: string): Promise<Source | undefined> {
    return (await this.#load(true)).get(name);
  }

  /**
   * All sources that are meant, as the secret says now, however often that is asked.
   * @throws {Error} when the secret cannot be read or is not usable
   */
  async findAllNow(isMeant: (source: Source) => boolean): Promise<readonly Source[]> {
    return [...(await this.#load(true)).values()].filter(isMeant);
  }

  async #fresh(): Promise<Sources | undefined> {
    const look = this.#look;
    if (look?.state === 'done' && this.#now() - look.at < quietMs) return undefined;
    return (look?.state === 'open' ? look : this.#lookAgain()).sources;
  }

  #lookAgain(): Look {
    const look: Look = { at: this.#now(), sources: this.#load(true), state: 'open' };
    this.#look = look;
    look.sources.then(
      () => (look.state = 'done'),
      () => (look.state = 'failed'),
    );
    return look;
  }

  async #load(fresh: boolean): Promise<Sources> {
    const json = await this.#read({ fresh });
    if (json !== this.#parsed?.json) this.#parsed = { json, sources: parseSources(json) };
    return this.#parsed.sources;
  }
}
