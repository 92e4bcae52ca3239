/** A query that ShowQL does not understand; `position` counts the characters before the fault. */
export class ShowqlError extends Error {
  readonly position: number;

  constructor(position: number, what = 'Syntax error') {
    super(`${what} at character ${String(position)}`);
    this.name = 'ShowqlError';
    this.position = position;
  }
}
