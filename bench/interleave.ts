export interface Contestant<Sample> {
  readonly name: string;
  readonly run: () => Promise<Sample>;
}

export interface Result<Sample> {
  readonly name: string;
  readonly samples: readonly Sample[];
}

/**
 * Runs every contestant once a round, and starts each round with the next one, so that whatever else the machine
 * does meets all of them alike. Nothing runs side by side.
 */
export async function interleave<Sample>(
  contestants: readonly Contestant<Sample>[],
  rounds: number,
): Promise<Result<Sample>[]> {
  const results = contestants.map(({ name }) => ({ name, samples: [] as Sample[] }));
  for (let round = 0; round < rounds; round += 1) {
    for (const offset of contestants.keys()) {
      const index = (round + offset) % contestants.length;
      const sample = await contestants[index]?.run();
      if (sample !== undefined) results[index]?.samples.push(sample);
    }
  }
  return results;
}
