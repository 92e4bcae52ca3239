import { expect } from 'vitest';
import { pdf } from '../connector.ts';
import { png } from './asset-stories.ts';
import type { RecordedConnector } from './recorded-connector.ts';
import { pushesOf } from '../integration/my-files-pushes.ts';

/** Files for people: with a ticket and without one, put off, refused, and tried again. */
export async function tellOfPushes({ connector }: RecordedConnector): Promise<void> {
  const { showpad, serve } = connector;
  const { push, retry } = pushesOf(connector);
  const [, jo, sam] = showpad.users.map(({ email }) => email);
  showpad.faults.add({
    match: { method: 'POST', path: /\/api\/v3\/divisions\/.*assets/ },
    action: { kind: 'status', status: 429, retryAfter: 1 },
  });
  const file = { url: serve('offer.pdf', pdf('offer')), name: 'offer.pdf' };
  expect(await push({ recipients: [jo, sam], file })).toMatchObject({ state: 'done' });
  const picture = { url: serve('picture.png', png), name: 'picture.png' };
  expect(await push({ recipients: [jo, sam], file: picture })).toMatchObject({ state: 'done' });
  const { id, state } = await push({ recipients: [jo, 'nobody@example.com'], file });
  expect([state, (await retry(id)).state]).toEqual(['failed', 'failed']);
}
