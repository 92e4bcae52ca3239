import * as z from 'zod';

/** The cursor of a list was not one of ours. */
export class CursorError extends Error {
  override readonly name = 'CursorError';
}

const cursorSchema = z.strictObject({
  day: z.iso.date().exactOptional(),
  after: z
    .strictObject({
      pk: z.string(),
      sk: z.string(),
      createdAt: z.string(),
      day: z.string().exactOptional(),
      state: z.string().exactOptional(),
    })
    .exactOptional(),
});
/** Where a list of jobs goes on. */
export type Position = z.output<typeof cursorSchema>;

/** @throws {Error} when DynamoDB went on somewhere that no list of jobs can */
export function positionOf(position: object): Position {
  return cursorSchema.parse(position);
}

export function writeCursor(position: Position): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

/** @throws {CursorError} when the cursor is none that a list with this filter has given */
export function readCursor(cursor: string, state: string | undefined, today: string): Position {
  try {
    const position = cursorSchema.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()));
    const { day, after } = position;
    const dayFits = state === undefined ? day !== undefined && day <= today : day === undefined;
    const afterFits =
      after === undefined || (state === undefined ? after.day === day : after.state === state);
    if (dayFits && afterFits) return position;
  } catch {
    // Whatever is wrong with it, it is no cursor.
  }
  throw new CursorError('The cursor is not one that this list has given, or belongs to another filter.');
}
