/** One step of a path: the key of an object, the place in a list, or every value of either. */
type Step = { readonly key: string } | { readonly index: number } | 'every';

/** A value that a path leads to, and where exactly it stands. */
export interface Found {
  readonly value: unknown;
  readonly place: string;
}

const step = /(?:^|(?<!^)\.)(\*|[^.[\]"*]+)|\[(\d{1,6}|\*)\]|\[("(?:[^"\\]|\\.)*")\]/y;
const mostFound = 1_000;

/**
 * Reads a path into JSON: `fields.title`, `tags[0]`, `tags[*].id`, `labels.*`, `["a key"]["with.dots"]`. A key in
 * braces, such as `{locale}`, stands for the parameter of that name. Null when the text is no such path.
 */
function parsePath(text: string): Step[] | null {
  const steps: Step[] = [];
  step.lastIndex = 0;
  while (step.lastIndex < text.length) {
    const match = step.exec(text);
    if (match === null) return null;
    const [, key, index, quoted] = match;
    if (key === '*' || index === '*') steps.push('every');
    else if (index !== undefined) steps.push({ index: Number(index) });
    else steps.push({ key: key ?? unquote(quoted ?? '') });
  }
  return steps.length === 0 ? null : steps;
}

export function isPath(text: string): boolean {
  return parsePath(text) !== null;
}

/**
 * Every value that a path leads to, in their order, at most 1,000 of them; null counts as no value.
 * @param parameters what stands for keys in braces
 */
export function valuesAt(
  root: unknown,
  path: string,
  parameters: Readonly<Record<string, string>> = {},
): Found[] {
  const steps = parsePath(path);
  if (steps === null) return [];
  let found: Found[] = [{ value: root, place: '' }];
  for (const next of steps) {
    found = found.flatMap((one) => follow(one, next, parameters)).slice(0, mostFound);
  }
  return found.filter(({ value }) => value !== null && value !== undefined);
}

function follow({ value, place }: Found, next: Step, parameters: Readonly<Record<string, string>>): Found[] {
  if (typeof value !== 'object' || value === null) return [];
  if (next === 'every') {
    return Array.isArray(value)
      ? value.map((item: unknown, index) => ({ value: item, place: `${place}[${index}]` }))
      : Object.entries(value as Record<string, unknown>).map(([key, item]) => ({
          value: item,
          place: join(place, key),
        }));
  }
  if ('index' in next) {
    return Array.isArray(value) && next.index < value.length
      ? [{ value: value[next.index], place: `${place}[${next.index}]` }]
      : [];
  }
  const parameter = /^\{(\w+)\}$/.exec(next.key)?.[1];
  const key = (parameter === undefined ? undefined : parameters[parameter]) ?? next.key;
  return Object.hasOwn(value, key) && !Array.isArray(value)
    ? [{ value: (value as Record<string, unknown>)[key], place: join(place, key) }]
    : [];
}

function join(place: string, key: string): string {
  if (/[.[\]"*]/.test(key) || key === '') return `${place}[${JSON.stringify(key)}]`;
  return place === '' ? key : `${place}.${key}`;
}

function unquote(quoted: string): string {
  try {
    return String(JSON.parse(quoted));
  } catch {
    return quoted.slice(1, -1);
  }
}
