/**
 * The value below which the given part of the values lies: 0.5 for the median, 0.99 for p99.
 * @throws {RangeError} when there are no values
 */
export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((left, right) => left - right);
  const position = (sorted.length - 1) * part;
  const below = sorted[Math.floor(position)];
  const above = sorted[Math.ceil(position)];
  if (below === undefined || above === undefined) throw new RangeError('There are no values to rank.');
  return below + (above - below) * (position - Math.floor(position));
}

/** @throws {RangeError} when there are no values */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}
