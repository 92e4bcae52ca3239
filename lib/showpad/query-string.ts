/** A list that is sent as one parameter for each value. */
export interface RepeatedValue {
  readonly repeated: readonly string[];
}

export type QueryValue = string | number | boolean | readonly string[] | RepeatedValue | undefined;

/**
 * Encodes query parameters the way Showpad declares them: arrays comma-joined (style=form, explode=false) unless
 * they are `repeated`, undefined and empty arrays left out. Begins with `?` unless there is nothing to send.
 * @throws RangeError for a value with a comma in an array that is joined, which the other side could not tell apart
 */
export function queryString(query: Readonly<Record<string, QueryValue>>): string {
  const parameters = Object.entries(query).flatMap(([name, value]) =>
    encodeValues(name, value).map((encoded) => `${encodeURIComponent(name)}=${encoded}`),
  );
  return parameters.length === 0 ? '' : `?${parameters.join('&')}`;
}

function encodeValues(name: string, value: QueryValue): string[] {
  if (value === undefined) return [];
  if (typeof value !== 'object') return [encodeURIComponent(value)];
  if ('repeated' in value) return value.repeated.map((item) => encodeURIComponent(item));
  if (value.length === 0) return [];
  if (value.some((item) => item.includes(',')))
    throw new RangeError(`A value of the list parameter ${name} has a comma in it and cannot be sent.`);
  return [value.map((item) => encodeURIComponent(item)).join(',')];
}
