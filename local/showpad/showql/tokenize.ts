import { ShowqlError } from './showql-error.ts';

const patterns = {
  text: /"([^"\\]*)"/uy,
  relativeTime: /(-?\d+[dw])\b/uy,
  number: /(-?\d+(?:\.\d+)?)\b/uy,
  word: /([A-Za-z]\w*)/uy,
  operator: /(>=|<=|[=<>~])/uy,
  parenthesis: /([()])/uy,
} as const;

export interface Token {
  readonly kind: keyof typeof patterns | 'end';
  /** Without the quotes of a text. */
  readonly value: string;
  readonly position: number;
}

/**
 * The tokens of a query, with one of the kind `end` behind them. No document tells how to escape inside a text,
 * so a backslash there is refused, as is every unit of time but the days and weeks of the documents' examples.
 * Throws ShowqlError.
 */
export function tokenize(query: string): Token[] {
  const tokens: Token[] = [];
  let position = skipSpace(query, 0);
  while (position < query.length) {
    const { token, end } = readToken(query, position);
    tokens.push(token);
    position = skipSpace(query, end);
  }
  return [...tokens, { kind: 'end', value: '', position }];
}

function readToken(query: string, position: number): { token: Token; end: number } {
  for (const [kind, pattern] of Object.entries(patterns) as [keyof typeof patterns, RegExp][]) {
    pattern.lastIndex = position;
    const value = pattern.exec(query)?.[1];
    if (value !== undefined) return { token: { kind, value, position }, end: pattern.lastIndex };
  }
  throw new ShowqlError(position);
}

function skipSpace(query: string, from: number): number {
  const space = /\s*/uy;
  space.lastIndex = from;
  space.exec(query);
  return space.lastIndex;
}
