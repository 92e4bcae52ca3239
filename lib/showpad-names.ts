import type { DivisionWish, TagWish } from './metadata.ts';
import { JobFailure } from './reasons.ts';
import type { ShowpadClient } from './showpad/client.ts';
import { listDivisions, type Division } from './showpad/divisions.ts';
import { ShowpadError } from './showpad/errors.ts';
import { addToTagCategory, createTagCategory, findTagCategories } from './showpad/tag-categories.ts';
import { createTag, findTags } from './showpad/tags.ts';
import { findUsersByEmail } from './showpad/users.ts';

const lifetimeMs = 300_000;

interface Remembered {
  readonly id: Promise<string | null>;
  readonly until: number;
}

/** What puts names into the words of Showpad's API, and needs no more of it than their ids. */
export type NameSource = Pick<ShowpadNames, 'divisionId' | 'tagId' | 'findTagId' | 'userId'>;

/**
 * The ids behind the names of one Showpad organisation. What was found is remembered for five minutes, by all
 * who ask at once too; what was not found is looked up again. Every method throws the ShowpadErrors of its calls.
 */
export class ShowpadNames {
  readonly #client: ShowpadClient;
  readonly #now: () => number;
  readonly #remembered = new Map<string, Remembered>();

  constructor(client: ShowpadClient, now: () => number = Date.now) {
    this.#client = client;
    this.#now = now;
  }

  /** To be called when Showpad says that an id is gone. */
  forget(): void {
    this.#remembered.clear();
  }

  /**
   * The Division that is named. Where none is, the only one that the token can see will do.
   * @throws {JobFailure} DIVISION_UNKNOWN, with what there is to choose from
   */
  async divisionId(wish: DivisionWish | undefined): Promise<string> {
    if (typeof wish === 'string') return wish;
    if (wish !== undefined && 'id' in wish) return wish.id;
    const id = await this.#remember(['division', wish?.name ?? ''], () => this.#lookUpDivision(wish?.name));
    if (id === null) throw new Error('A Division is found or refused.');
    return id;
  }

  /**
   * The tag that is named, in its category where one is given; both are made where the Division has none.
   * @throws {JobFailure} TAG_AMBIGUOUS, with the ids; TAG_UNKNOWN where tags are not to be made
   */
  async tagId(divisionId: string, wish: TagWish, absent: 'create' | 'refuse' = 'create'): Promise<string> {
    if (typeof wish !== 'string' && 'id' in wish) return wish.id;
    const { name, category } = typeof wish === 'string' ? { name: wish, category: undefined } : wish;
    const id = await this.#remember(['tag', divisionId, name.trim(), category ?? '', absent], async () => {
      const found = await this.#lookUpTag(divisionId, name.trim());
      const tagId = found ?? (absent === 'create' ? await this.#createTag(divisionId, name.trim()) : null);
      if (tagId !== null && category !== undefined)
        await this.#categorize(divisionId, tagId, category.trim());
      return tagId;
    });
    if (id !== null) return id;
    throw new JobFailure(
      'TAG_UNKNOWN',
      `The Division has no tag called “${name}”, and its source makes none.`,
    );
  }

  /** The tag that is named, or null where the Division has none. */
  async findTagId(divisionId: string, wish: TagWish): Promise<string | null> {
    if (typeof wish !== 'string' && 'id' in wish) return wish.id;
    return this.#lookUpTag(divisionId, (typeof wish === 'string' ? wish : wish.name).trim());
  }

  /**
   * The user with this address.
   * @param where the address stands, for the message: the address itself must not reach a log
   * @throws {JobFailure} AUTHOR_UNKNOWN
   */
  async userId(email: string, where: string): Promise<string> {
    const id = await this.#remember(['user', email.toLowerCase()], async () => {
      // GET /users takes a comma list.
      const [user, ...others] = email.includes(',') ? [] : await findUsersByEmail(this.#client, email);
      if (others.length > 0)
        throw new JobFailure('AUTHOR_UNKNOWN', `Showpad has several users for ${where}.`);
      return user?.id ?? null;
    });
    if (id !== null) return id;
    throw new JobFailure('AUTHOR_UNKNOWN', `Showpad has no user with the address in ${where}.`);
  }

  #remember(key: readonly string[], find: () => Promise<string | null>): Promise<string | null> {
    const text = JSON.stringify(key);
    const known = this.#remembered.get(text);
    if (known !== undefined && known.until > this.#now()) return known.id;
    const id = find();
    const entry = { id, until: this.#now() + lifetimeMs };
    this.#remembered.set(text, entry);
    const forget = () => {
      if (this.#remembered.get(text) === entry) this.#remembered.delete(text);
    };
    void forgetUnlessFound(id, forget);
    return id;
  }

  async #lookUpDivision(wanted: string | undefined): Promise<string> {
    const visible: Division[] = [];
    for await (const division of listDivisions(this.#client)) visible.push(division);
    const matches = wanted === undefined ? visible : visible.filter(({ name }) => name === wanted);
    const [match, ...others] = matches;
    if (match !== undefined && others.length === 0) return match.id;
    const what =
      wanted === undefined
        ? 'Neither the event nor its source names a Division'
        : `${matches.length} Divisions are called “${wanted}”`;
    const names = visible.slice(0, 20).map(({ name, id }) => `${name ?? '(no name)'} (${id})`);
    throw new JobFailure('DIVISION_UNKNOWN', `${what}; the token can see ${names.join(', ') || 'none'}.`);
  }

  async #lookUpTag(divisionId: string, name: string): Promise<string | null> {
    const tags = await findTags(this.#client, { exactName: name, divisionId });
    const exact = tags.filter((tag) => tag.name === name);
    const [match, ...others] = exact.length > 0 ? exact : tags;
    if (match === undefined) return null;
    if (others.length === 0) return match.id;
    const ids = [match, ...others].map(({ id }) => id).join(', ');
    throw new JobFailure('TAG_AMBIGUOUS', `The Division has several tags called “${name}”: ${ids}.`);
  }

  async #createTag(divisionId: string, name: string): Promise<string> {
    try {
      return (await createTag(this.#client, { name, divisionId })).id;
    } catch (error) {
      if (!(error instanceof ShowpadError)) throw error;
      if (error.status === 409) return (await this.#lookUpTag(divisionId, name)) ?? notFoundYet(error);
      throw refusedName(error, `the tag “${name}”`);
    }
  }

  async #categorize(divisionId: string, tagId: string, name: string): Promise<void> {
    const [known] = await findTagCategories(this.#client, { exactName: name, divisionId });
    const category = known ?? (await this.#createCategory(divisionId, name));
    await addToTagCategory(this.#client, category.id, [tagId]);
  }

  async #createCategory(divisionId: string, name: string): Promise<{ id: string }> {
    try {
      return await createTagCategory(this.#client, { name, divisionId });
    } catch (error) {
      if (!(error instanceof ShowpadError)) throw error;
      if (error.status !== 409) throw refusedName(error, `the tag category “${name}”`);
      const [made] = await findTagCategories(this.#client, { exactName: name, divisionId });
      return made ?? notFoundYet(error);
    }
  }
}

async function forgetUnlessFound(id: Promise<string | null>, forget: () => void): Promise<void> {
  const found = await id.catch(() => null);
  if (found === null) forget();
}

/** What Showpad will not have fails the wish alone; anything that may pass fails the call. */
function refusedName(error: ShowpadError, what: string): Error {
  if (error.retryable || error.status === 401) return error;
  return new JobFailure(
    error.status === 403 ? 'SHOWPAD_FORBIDDEN' : 'SHOWPAD_REJECTED',
    `Showpad did not take ${what}: ${error.message}`,
  );
}

/** Somebody else has just made it, and the lists do not show it yet. */
function notFoundYet(error: ShowpadError): never {
  throw new ShowpadError({
    operation: error.operation,
    kind: 'response',
    status: error.status,
    title: 'Exists already, but is not to be found yet',
    retryable: true,
  });
}
