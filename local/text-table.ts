export interface Column<Row> {
  readonly title: string;
  readonly align: 'left' | 'right';
  readonly cell: (row: Row) => string;
  /** Colours a cell that has its full width already. */
  readonly paint?: (text: string, row: Row) => string;
}

/** A table of plain text, as wide as its widest cells. */
export function textTable<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): string[] {
  const measured = columns.map((column) => {
    const cells = rows.map(column.cell);
    return { ...column, cells, width: Math.max(column.title.length, ...cells.map(({ length }) => length)) };
  });
  return [
    lineOf(measured.map((column) => fill(column.title, column))),
    lineOf(measured.map(({ width }) => '─'.repeat(width))),
    ...rows.map((row, index) =>
      lineOf(
        measured.map((column) => {
          const text = fill(column.cells[index] ?? '', column);
          return column.paint === undefined ? text : column.paint(text, row);
        }),
      ),
    ),
  ];
}

function fill(text: string, { align, width }: { align: 'left' | 'right'; width: number }): string {
  return align === 'left' ? text.padEnd(width) : text.padStart(width);
}

function lineOf(cells: readonly string[]): string {
  return `  ${cells.join('  ')}`.trimEnd();
}
