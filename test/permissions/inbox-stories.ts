import { expect } from 'vitest';
import { pdf } from '../connector.ts';
import { drop, jobsOf, takeAway } from '../inbox-drops.ts';
import type { RecordedConnector } from './recorded-connector.ts';

/** Files that come with metadata and without, one whose metadata is broken until a retry, one that goes, one of nobody's. */
export async function tellOfInbox({ connector, hardships }: RecordedConnector): Promise<void> {
  const { post, stack } = connector;
  const key = 'inbox/demo/dropped.pdf';
  const broken = 'inbox/demo/broken.pdf';
  await drop(connector, `${broken}.json`, 'broken');
  await drop(connector, key, pdf('dropped'));
  await drop(connector, broken, pdf('broken'));
  await stack.settled(55_000);
  const parked = (await jobsOf(connector, broken)).at(-1);
  expect(parked).toMatchObject({ error: { code: 'PAYLOAD_UNREADABLE' } });
  expect(await post(`/jobs/${parked?.id ?? ''}/retry`, '', {})).toMatchObject({ status: 202 });
  await takeAway(connector, broken);
  expect(await post(`/jobs/${parked?.id ?? ''}/retry`, '', {})).toMatchObject({ status: 202 });

  await drop(connector, `${key}.json`, { description: 'dropped' });
  await stack.settled(55_000);
  await takeAway(connector, key);
  await stack.settled(55_000);
  const states = (await jobsOf(connector, key)).map(({ type, state }) => `${type} ${state}`);
  expect(states).toEqual(['asset.upsert done', expect.stringMatching(/ done$/), 'asset.archive done']);

  await drop(connector, 'inbox/nobody/lost.pdf', pdf('lost'));
  await hardships.exhaust();
  expect(await stack.deadLetters()).toMatchObject([{ queue: 'InboxDeadLetterQueue' }]);
  await hardships.lose('inboxDeadLetter');
}
