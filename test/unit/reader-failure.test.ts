import { describe, expect, it } from 'vitest';
import { describeFailure, describeQueryFault } from '../../cli/failure.ts';
import { ShowpadError } from '../../lib/showpad/errors.ts';

const situation = { operand: 'jo@example.com', tokenFrom: 'SHOWPAD_TOKEN' };

describe('a query that Showpad does not understand', () => {
  const reason = 'Syntax error';
  const caretAt = (query: string, position: number) => {
    const [, , shown = '', caret = ''] = describeQueryFault({ reason, position }, query).split('\n');
    return { shown: shown.trim(), character: shown[caret.indexOf('^')] };
  };

  it.each([
    ['a ? b', 2, 'a ? b', '?'],
    ['a AND\nb\t? c', 8, 'a AND b ? c', '?'],
    ['a =', 3, 'a =', undefined],
    ['a =', 999, 'a =', undefined],
    [`${'x'.repeat(100)}?${'y'.repeat(100)}`, 100, `…${'x'.repeat(60)}?${'y'.repeat(19)}…`, '?'],
  ])('is shown on one line with a caret where the fault is: %j', (query, position, shown, character) => {
    expect(caretAt(query, position)).toEqual({ shown, character });
  });

  it('is told without a caret when Showpad does not say where the fault is', () => {
    expect(describeQueryFault({ reason, position: null }, 'a ?')).toBe(
      'Showpad does not understand the query. Syntax error',
    );
  });
});

describe('a failure', () => {
  it.each([
    [401, null, 'Showpad refuses the token of SHOWPAD_TOKEN'],
    [403, null, 'it needs more scopes'],
    [404, null, 'Showpad has no “…@…”'],
    [429, 7, 'try again in 7 s'],
    [429, null, 'try again in some minutes'],
    [500, null, 'GET /users failed with status 500'],
    [null, null, 'Showpad did not answer'],
  ])('of status %s and Retry-After %s says what to do, and no address', (status, retryAfterSeconds, text) => {
    const error = new ShowpadError({
      operation: 'GET /users',
      kind: status === null ? 'network' : 'response',
      status,
      title: 'Bad',
      detail: 'jo@example.com',
      retryAfterSeconds,
    });
    const { message, exitCode } = describeFailure(error, situation);
    expect(exitCode).toBe(1);
    expect(message).toContain(text);
    expect(message).not.toContain('example.com');
  });

  it('of another kind is told by its message', () => {
    expect(describeFailure(new Error('No.'), situation)).toEqual({ message: 'No.', exitCode: 1 });
    expect(describeFailure(new RangeError('Too long.'), situation).exitCode).toBe(2);
  });
});
