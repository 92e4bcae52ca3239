import { createHash } from 'node:crypto';

/** A number from 0 to 1 that depends on nothing but the words: replaying a seed throws the same dice. */
export function chance(...words: readonly (string | number)[]): number {
  return createHash('sha256').update(words.join('\n')).digest().readUInt32BE(0) / 2 ** 32;
}

/** One of the choices. */
export function choice<T>(choices: readonly [T, ...T[]], ...words: readonly (string | number)[]): T {
  return choices[Math.floor(chance(...words) * choices.length)] ?? choices[0];
}

/** The items in another order. */
export function shuffled<T>(items: readonly T[], ...words: readonly (string | number)[]): T[] {
  return items
    .map((item, index) => ({ item, at: chance(...words, index) }))
    .toSorted((left, right) => left.at - right.at)
    .map(({ item }) => item);
}
