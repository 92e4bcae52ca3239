import { vi } from 'vitest';

/** A line of the log. */
export type RecordedLine = Readonly<Record<string, unknown>>;

export interface Recording {
  /** The lines that were written so far, in their order; metrics are none. */
  readonly lines: RecordedLine[];
  readonly stop: () => void;
}

/**
 * Takes everything that is written to the standard streams, and keeps the lines of the log.
 * @param note adds what is known where a line is written
 */
export function recordLines(note: () => RecordedLine = () => ({})): Recording {
  const lines: RecordedLine[] = [];
  const spies = [process.stdout, process.stderr].map((stream) =>
    vi.spyOn(stream, 'write').mockImplementation((chunk) => {
      for (const text of String(chunk).split('\n')) {
        const value = parse(text);
        if (typeof value === 'object' && value !== null && 'level' in value)
          lines.push({ ...value, ...note() });
      }
      return true;
    }),
  );
  return {
    lines,
    stop: () => {
      for (const spy of spies) spy.mockRestore();
    },
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
