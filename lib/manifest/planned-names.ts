import type { DivisionWish, TagWish } from '../metadata.ts';
import { JobFailure } from '../reasons.ts';
import type { NameSource } from '../showpad-names.ts';

/**
 * The ids behind names for somebody who only wants to know what would happen: nothing is made. It counts the calls
 * that looking up and making the names costs, each name once.
 */
export class PlannedNames implements NameSource {
  readonly #names: NameSource;
  readonly #calls = new Map<string, number>();
  readonly #missing = new Set<string>();

  constructor(names: NameSource) {
    this.#names = names;
  }

  /** Calls by what they are about. */
  get calls(): ReadonlyMap<string, number> {
    return this.#calls;
  }

  divisionId(wish: DivisionWish | undefined): Promise<string> {
    if (wish === undefined || (typeof wish === 'object' && 'name' in wish)) this.#calls.set('Divisions', 1);
    return this.#names.divisionId(wish);
  }

  async tagId(divisionId: string, wish: TagWish, absent: 'create' | 'refuse' = 'create'): Promise<string> {
    if (typeof wish !== 'string' && 'id' in wish) return wish.id;
    const { name, category } = typeof wish === 'string' ? { name: wish, category: undefined } : wish;
    const about = JSON.stringify(['tag', divisionId, name]);
    // To put it into its category takes two.
    const ofCategory = category === undefined ? 0 : 2;
    if (!this.#missing.has(about)) {
      try {
        const id = await this.#names.tagId(divisionId, name, 'refuse');
        this.#calls.set(about, 1 + ofCategory);
        return id;
      } catch (error) {
        if (!(error instanceof JobFailure) || error.code !== 'TAG_UNKNOWN' || absent === 'refuse')
          throw error;
        this.#missing.add(about);
      }
    }
    this.#calls.set(about, 2 + ofCategory);
    return about;
  }

  findTagId(divisionId: string, wish: TagWish): Promise<string | null> {
    return this.#names.findTagId(divisionId, wish);
  }

  userId(email: string, where: string): Promise<string> {
    this.#calls.set(JSON.stringify(['user', email.toLowerCase()]), 1);
    return this.#names.userId(email, where);
  }
}
