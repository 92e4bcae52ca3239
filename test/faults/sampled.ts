/** `npm run faults`, and so CI, plays everything; `npm test` a part of it. */
export const isWhole = process.env['FAULTS'] === 'all';

/** Everything, or every nth of it where only a part is played: an odd n meets moments before calls and after them. */
export function sampled<T>(all: readonly T[], every: number): readonly T[] {
  return isWhole ? all : all.filter((_, index) => index % every === every - 1);
}
