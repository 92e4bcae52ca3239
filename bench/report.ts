/** A line of results; null where there is nothing to say. */
export type Row = Readonly<Record<string, string | number | null>>;

export interface Report {
  readonly title: string;
  /** All with the same keys, which are the table's headings. */
  readonly rows: readonly Row[];
  /** What the rows mean against the limits, and what was left out. */
  readonly notes: readonly string[];
}

/** The report as a table for people, numbers aligned to the right. */
export function formatReport({ title, rows, notes }: Report): string {
  const headings = Object.keys(rows[0] ?? {});
  const columns = headings.map((heading) => {
    const values = rows.map((row) => row[heading] ?? null);
    const cells = [heading, ...values.map(formatCell)];
    const width = Math.max(...cells.map((cell) => cell.length));
    const isNumeric = values.every((value) => typeof value !== 'string');
    return cells.map((cell) => (isNumeric ? cell.padStart(width) : cell.padEnd(width)));
  });
  const table = [...rows, null].map((_, line) =>
    columns
      .map((cells) => cells[line] ?? '')
      .join('  ')
      .trimEnd(),
  );
  return [title, ...(rows.length === 0 ? [] : table), ...notes].join('\n');
}

function formatCell(value: string | number | null): string {
  if (value === null) return '–';
  if (typeof value === 'string') return value;
  if (Number.isInteger(value) || Math.abs(value) >= 100) return value.toFixed(0);
  return value.toFixed(Math.abs(value) >= 10 ? 1 : 2);
}
