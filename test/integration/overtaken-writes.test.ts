import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type Connector, md5, pdf, startConnector } from '../connector.ts';

let connector: Connector;
beforeAll(async () => {
  connector = await startConnector({
    sources: {
      demo: {
        adapter: 'cloudevents',
        secrets: [`whsec_${randomBytes(24).toString('base64')}`],
        onDelete: 'delete',
      },
    },
    parameters: { SourceDeadlineSeconds: '8' },
  });
});
afterAll(() => connector.stop());
afterEach(() => connector.showpad.faults.clear());

const at = (minute: number) => new Date(Date.UTC(2026, 10, 1, 0, minute)).toISOString();
const event = (type: string, subject: string, minute: number, data: Record<string, unknown> = {}) => ({
  type: `asset.${type}`,
  subject,
  time: at(minute),
  data,
});
const upsert = (subject: string, minute: number, text: string, metadata: Record<string, unknown> = {}) =>
  event('upsert', subject, minute, {
    file: { url: connector.serve(`${subject}-${text}.pdf`, pdf(text)), name: 'Overtaken.pdf' },
    metadata: { division: connector.showpad.divisions[0]?.id, ...metadata },
  });
const describeIt = (subject: string, minute: number, description: string) =>
  event('metadata', subject, minute, { metadata: { description } });
const addTag = (subject: string, minute: number, tag: string) =>
  event('metadata', subject, minute, { tags: { add: [tag] } });
const tagsOf = (subject: string) =>
  (connector.assetsOf(subject)[0]?.tags ?? []).map(
    ({ id }) => connector.showpad.tags.find((tag) => tag.id === id)?.name,
  );

/**
 * Sends an event, and while Showpad has done what it asks for and is still about to answer, the others: what they
 * ask for is compared with what was known before.
 */
async function overtake(
  first: Record<string, unknown>,
  match: { method: string; path: string | RegExp },
  others: readonly Record<string, unknown>[],
): Promise<string[]> {
  const slow = connector.showpad.faults.add({ match, action: { kind: 'delay', delayMs: 1_500 } });
  const answers = [await connector.send(first)];
  while (slow.hits === 0) await connector.showpad.changed();
  for (const other of others) answers.push(await connector.send(other));
  await connector.stack.settled(55_000);
  return statesOf(answers);
}

async function statesOf(answers: readonly Awaited<ReturnType<Connector['send']>>[]): Promise<string[]> {
  const jobs = answers.map(({ body }) => connector.job(body.jobs[0]?.id ?? ''));
  return (await Promise.all(jobs)).map(({ state }) => state);
}

const update = { method: 'POST', path: '/v4/assets/{id}' };
const create = { method: 'POST', path: '/v4/assets' };

test('a restore that comes while an archive is on its way has the last word', async () => {
  await connector.finish(upsert('archive', 1, 'one'));
  const states = await overtake(event('archive', 'archive', 2), update, [event('restore', 'archive', 3)]);
  expect(connector.assetsOf('archive')).toMatchObject([{ isArchived: false }]);
  expect(states).toEqual(['superseded', 'done']);
});

test('a value that is wanted again while another is on its way is there in the end', async () => {
  await connector.finish(upsert('value', 1, 'one', { description: 'first' }));
  const states = await overtake(describeIt('value', 2, 'second'), update, [describeIt('value', 3, 'first')]);
  expect(connector.assetsOf('value')).toMatchObject([{ description: 'first' }]);
  expect(states).toEqual(['superseded', 'done']);
});

test('a file that is wanted again while another is on its way is there in the end', async () => {
  await connector.finish(upsert('file', 1, 'one'));
  const states = await overtake(upsert('file', 2, 'two'), { method: 'PUT', path: /./ }, [
    upsert('file', 3, 'one'),
  ]);
  expect(connector.assetsOf('file')).toMatchObject([{ checksum: md5(pdf('one')) }]);
  expect(states).toEqual(['superseded', 'done']);
});

test('a delete that comes late, while older metadata is on its way, takes that with it', async () => {
  await connector.finish(upsert('erase', 4, 'four', { description: 'four' }));
  const states = await overtake(addTag('erase', 1, 'old'), update, [event('delete', 'erase', 2)]);
  expect(connector.assetsOf('erase')).toMatchObject([{ checksum: md5(pdf('four')), description: 'four' }]);
  expect(tagsOf('erase')).toEqual([]);
  expect(states).toEqual(['superseded', 'superseded']);
});

test('whoever takes an asset away for a delete that came late brings back its file, which nobody else would', async () => {
  await connector.finish(upsert('both', 4, 'four', { description: 'four' }));
  const slow = (nth: number) =>
    connector.showpad.faults.add({ match: { ...update, nth }, action: { kind: 'delay', delayMs: 1_500 } });
  const first = slow(1);
  slow(2);
  const answers = [await connector.send(describeIt('both', 5, 'five'))];
  while (first.hits === 0) await connector.showpad.changed();
  // Both wait for the first to be done, and whoever is next writes what both ask for.
  answers.push(await connector.send(addTag('both', 6, 'new')));
  answers.push(await connector.send(addTag('both', 1, 'old')));
  while (tagsOf('both').length < 2) await connector.showpad.changed();
  answers.push(await connector.send(event('delete', 'both', 2)));
  await connector.stack.settled(55_000);
  expect(connector.assetsOf('both')).toMatchObject([{ checksum: md5(pdf('four')), description: 'five' }]);
  expect(tagsOf('both')).toEqual(['new']);
  expect(await statesOf(answers)).toEqual(['done', 'done', 'superseded', 'superseded']);
});

test('what is made again while a second delete comes is deleted, too', async () => {
  await connector.finish(upsert('again', 1, 'one'));
  await connector.finish(event('delete', 'again', 2));
  const states = await overtake(upsert('again', 3, 'three'), create, [event('delete', 'again', 4)]);
  expect(connector.assetsOf('again')).toEqual([]);
  expect(states).toEqual(['superseded', 'done']);
});
