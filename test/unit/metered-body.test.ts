import { describe, expect, it } from 'vitest';
import { MeteredBody } from '../../lib/showpad/metered-body.ts';
import { failureOf } from './showpad-client-server.ts';

describe('a body that is counted', () => {
  it('with too many bytes is not even complete for a moment when there are empty chunks in it', async () => {
    async function* chunks() {
      for (const chunk of ['01234', '56789', '', '0']) yield Promise.resolve(Buffer.from(chunk));
    }
    const body = new MeteredBody(chunks(), 10, 'PUT /x');
    const handed: string[] = [];
    const pass = async () => {
      for await (const slice of body.slices()) handed.push(Buffer.from(slice).toString());
    };
    expect(await failureOf(pass())).toMatchObject({ title: 'LengthMismatch', outcomeUnknown: false });
    expect(handed).toEqual(['01234']);
    expect(body.isComplete).toBe(false);
  });
});
