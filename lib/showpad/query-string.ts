export type QueryValue = string | number | boolean | readonly string[] | undefined;

/**
 * Encodes query parameters the way Showpad declares them: arrays comma-joined (style=form, explode=false),
 * undefined and empty arrays left out. Begins with `?` unless there is nothing to send.
 * @throws RangeError for an array value with a comma in it, which the other side could not tell apart
 */
export function queryString(query: Readonly<Record<string, QueryValue>>): string {
  const parameters = Object.entries(query).flatMap(([name, value]) => {
    if (value === undefined || (typeof value === 'object' && value.length === 0)) return [];
    return [`${encodeURIComponent(name)}=${encodeValue(name, value)}`];
  });
  return parameters.length === 0 ? '' : `?${parameters.join('&')}`;
}

function encodeValue(name: string, value: Exclude<QueryValue, undefined>): string {
  if (typeof value !== 'object') return encodeURIComponent(value);
  if (value.some((item) => item.includes(',')))
    throw new RangeError(`A value of the list parameter ${name} has a comma in it and cannot be sent.`);
  return value.map((item) => encodeURIComponent(item)).join(',');
}
