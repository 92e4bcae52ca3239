/** A line as Logs Insights sees it, or a row of a query's result: nested fields are named `error.message`. */
export type Row = Readonly<Record<string, unknown>>;

export interface Answer {
  readonly rows: readonly Row[];
  /** The fields of the lines that the query names. */
  readonly fields: ReadonlySet<string>;
}

/** A line of JSON with all the fields that are discovered in it. */
export function rowOf(line: Row): Row {
  return { '@timestamp': line['timestamp'], ...flattened(line) };
}

/**
 * Runs a query as CloudWatch Logs Insights does, as far as README's queries go: fields, filter, stats, sort, limit.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax.html
 * @throws {Error} at everything else
 */
export function runQuery(query: string, lines: readonly Row[]): Answer {
  const named = new Set<string>();
  const made = new Set<string>();
  const field = (name: string): string => {
    if (!made.has(name)) named.add(name);
    return name;
  };
  let shown: readonly string[] = [];
  let rows = lines.map(rowOf);

  const commands: Readonly<Record<string, (text: string) => void>> = {
    filter: (text) => {
      const conditions = text.split(' and ').map((condition) => {
        const [, name = '', operator = '', wanted = ''] = match(/^([\w.@]+) (=|!=|>=|in) (.+)$/, condition);
        field(name);
        const values = match(/^\[?(.+?)\]?$/, wanted)[1]
          ?.split(', ')
          .map((value) => JSON.parse(value) as unknown);
        return (row: Row) => row[name] !== undefined && holds(operator, row[name], values ?? []);
      });
      rows = rows.filter((row) => conditions.every((isMet) => isMet(row)));
    },
    fields: (text) => {
      const columns = text.split(', ').map((column) => {
        const [, name = '', divisor, alias = name] = match(/^([\w.@]+)(?: \/ ([\w.]+) as (\w+))?$/, column);
        field(name);
        if (divisor !== undefined) field(divisor);
        made.add(alias);
        const value = (row: Row) =>
          divisor === undefined ? row[name] : Number(row[name]) / Number(row[divisor]);
        return [alias, value] as const;
      });
      rows = rows.map((row) => ({
        ...row,
        ...Object.fromEntries(columns.map(([name, of]) => [name, of(row)])),
      }));
      shown = columns.map(([name]) => name);
    },
    stats: (text) => {
      const [, functions = '', by = ''] = match(/^(.+) by (.+)$/, text);
      const keys = by.split(', ').map(field);
      const columns = functions.split(/, (?=\w+\()/).map((column) => {
        const [, name = '', argument = '', percent, alias = ''] = match(
          /^(\w+)\((\*|[\w.]+)(?:, (\d+))?\) as (\w+)$/,
          column,
        );
        const total = functionsOverRows[name];
        if (total === undefined) throw new Error(`The function ${name} is not known here.`);
        if (argument !== '*') field(argument);
        made.add(alias);
        const values = (group: readonly Row[]) =>
          argument === '*'
            ? group
            : group.flatMap((row) => (row[argument] === undefined ? [] : [row[argument]]));
        return [alias, (group: readonly Row[]) => total(values(group), Number(percent))] as const;
      });
      const groups = Map.groupBy(rows, (row) => JSON.stringify(keys.map((key) => row[key] ?? null)));
      rows = [...groups.values()].map((group) => ({
        ...pick(keys, group[0] ?? {}),
        ...Object.fromEntries(columns.map(([name, over]) => [name, over(group)])),
      }));
      shown = [...keys, ...columns.map(([name]) => name)];
    },
    sort: (text) => {
      const [, name = '', direction = ''] = match(/^([\w.@]+) (asc|desc)$/, text);
      field(name);
      rows = rows.toSorted((one, other) => compare(one[name], other[name]) * (direction === 'asc' ? 1 : -1));
    },
    limit: (text) => {
      rows = rows.slice(0, Number(match(/^\d+$/, text)[0]));
    },
  };
  for (const line of query
    .trim()
    .replaceAll(/^#.*\n/gm, '')
    .split(/\n\| /)) {
    const [, command = '', text = ''] = match(/^(\w+) (.+)$/, line);
    const run = commands[command];
    if (run === undefined) throw new Error(`The command ${command} is not known here.`);
    run(text);
  }
  return { rows: rows.map((row) => pick(shown, row)), fields: named };
}

const numbers = (values: readonly unknown[]) => values.filter((value) => typeof value === 'number');
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
const functionsOverRows: Readonly<Record<string, (values: readonly unknown[], percent: number) => unknown>> =
  {
    count: (values) => values.length,
    count_distinct: (values) => new Set(values).size,
    sum: (values) => sum(numbers(values)),
    avg: (values) => sum(numbers(values)) / numbers(values).length,
    max: (values) => Math.max(...numbers(values)),
    pct: (values, percent) =>
      numbers(values).toSorted(compare)[Math.ceil((values.length * percent) / 100) - 1],
    latest: (values) => values.at(-1),
  };

function holds(operator: string, value: unknown, wanted: readonly unknown[]): boolean {
  if (operator === '>=') return compare(value, wanted[0]) >= 0;
  return wanted.includes(value) === (operator !== '!=');
}

function compare(one: unknown, other: unknown): number {
  if (typeof one === 'number' && typeof other === 'number') return one - other;
  return String(one) < String(other) ? -1 : 1;
}

function match(pattern: RegExp, text: string): RegExpExecArray {
  const found = pattern.exec(text);
  if (found === null) throw new Error(`“${text}” is not known here.`);
  return found;
}

const pick = (names: readonly string[], row: Row): Row =>
  Object.fromEntries(names.map((name) => [name, row[name]]));

function flattened(value: object, path = ''): Row {
  const entries = Object.entries(value).flatMap(([key, inner]: [string, unknown]): [string, unknown][] =>
    typeof inner === 'object' && inner !== null
      ? Object.entries(flattened(inner, `${path}${key}.`))
      : [[`${path}${key}`, inner]],
  );
  return Object.fromEntries(entries);
}
