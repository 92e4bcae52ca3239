import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Connector, pdf, startConnector } from '../connector.ts';

const brochure = pdf('metadata');
let connector: Connector;
beforeAll(async () => {
  connector = await startConnector({ showpadEmulator: { users: [{ email: 'Jo@example.com' }] } });
});
afterAll(() => connector.stop());

const upsert = (subject: string, metadata: Record<string, unknown> = {}) => ({
  type: 'asset.upsert',
  subject,
  data: { file: { url: connector.serve('metadata.pdf', brochure), name: 'Metadata.pdf' }, metadata },
});
const change = (subject: string, metadata: Record<string, unknown>) => ({
  type: 'asset.metadata',
  subject,
  data: { metadata },
});
const assetOf = (subject: string) =>
  connector.showpad.assets.find(({ externalId }) => externalId === `demo:${subject}`);
const tagNamesOf = (subject: string) =>
  (assetOf(subject)?.tags ?? []).map(({ id }) => connector.showpad.tags.find((tag) => tag.id === id)?.name);
const everything = {
  description: 'All of it\nin two lines',
  languages: ['en', 'de'],
  countries: ['DE', 'GB'],
  isProcessedUsed: false,
  isSensitive: true,
  isRenderExternalAllowed: true,
  isOnlyEntireDocumentShareable: true,
  isSpeakerNotesEnabled: true,
  lockedPages: [{ start: 1, end: 2 }],
  enforcedPages: { prepend: [{ start: 1, end: 1 }], append: null },
  downloadableInternal: ['original', 'pdf'],
  downloadableExternal: [],
  expiresAt: '2027-01-01T00:00:00.000Z',
  releasedAt: '2026-01-01T01:00:00+01:00',
};

describe('every field of the contract', () => {
  const held = {
    ...everything,
    languages: [{ code: 'en' }, { code: 'de' }],
    countries: [{ code: 'DE' }, { code: 'GB' }],
    releasedAt: '2026-01-01T00:00:00.000Z',
  };

  test('is there when the asset is made', async () => {
    const job = await connector.finish(
      upsert('whole', { ...everything, permissions: { isShareable: false } }),
    );
    expect(job).toMatchObject({ state: 'done', error: null });
    expect(assetOf('whole')).toMatchObject({
      ...held,
      permissions: { isShareable: false, isAnnotatable: true },
    });
  });

  test('can be set later', async () => {
    await connector.finish(upsert('later'));
    expect(await connector.finish(change('later', everything))).toMatchObject({ state: 'done', error: null });
    expect(assetOf('later')).toMatchObject(held);
  });

  test('is cleared by null where Showpad lets it be, and left alone when absent', async () => {
    await connector.finish(change('whole', { description: null, expiresAt: null, enforcedPages: null }));
    expect(assetOf('whole')).toMatchObject({
      ...held,
      description: null,
      expiresAt: null,
      enforcedPages: null,
      permissions: { isShareable: false, isAnnotatable: true },
    });
  });

  test('leaves the rights that people changed in Showpad as they are', async () => {
    await connector.finish(upsert('rights', { permissions: { isShareable: true } }));
    const asset = assetOf('rights');
    if (asset !== undefined) asset.permissions.isAnnotatable = false;
    await connector.finish(change('rights', { permissions: { isShareable: false } }));
    expect(assetOf('rights')?.permissions).toMatchObject({ isShareable: false, isAnnotatable: false });
  });
});

describe('what Showpad refuses', () => {
  const refusal = (name: string) => ({
    kind: 'status' as const,
    status: 400,
    body: {
      title: 'Invalid',
      detail: 'Not so.',
      status: 400,
      meta: [{ name, reason: 'Is not so.', category: 'x' }],
    },
  });

  test('is named in the job, and the rest is written', async () => {
    await connector.finish(upsert('refused'));
    connector.showpad.faults.add({
      match: { method: 'POST', path: '/v4/assets/{asset}' },
      action: refusal('lockedPages[0].start'),
    });
    const job = await connector.finish(
      change('refused', { lockedPages: [{ start: 1, end: 1 }], description: 'kept' }),
    );
    expect(job).toMatchObject({ state: 'failed', error: { code: 'SHOWPAD_REJECTED', retryable: false } });
    expect(job.error?.message).toContain('lockedPages: Is not so.');
    expect(assetOf('refused')).toMatchObject({ description: 'kept', lockedPages: [] });
    expect(await connector.finish(change('refused', { isSensitive: true }))).toMatchObject({ state: 'done' });
  });

  test('at a create is named in the job, and the file is there all the same', async () => {
    connector.showpad.faults.add({
      match: { method: 'POST', path: '/v4/assets' },
      action: refusal('enforcedPages'),
    });
    const job = await connector.finish(upsert('refused-create', everything));
    expect(job).toMatchObject({ state: 'failed', error: { code: 'SHOWPAD_REJECTED' } });
    expect(assetOf('refused-create')).toMatchObject({
      status: 'active',
      isSensitive: true,
      enforcedPages: null,
    });
  });

  test('without saying what is found out field by field', async () => {
    await connector.finish(upsert('unnamed'));
    const fault = connector.showpad.faults.add({
      match: { method: 'POST', path: '/v4/assets/{asset}', times: 2 },
      action: { kind: 'status', status: 400, body: { title: 'Bad', detail: 'No.', status: 400 } },
    });
    const job = await connector.finish(change('unnamed', { description: 'a', isSensitive: true }));
    expect(fault.hits).toBe(2);
    expect(job).toMatchObject({ state: 'failed', error: { code: 'SHOWPAD_REJECTED' } });
    expect(assetOf('unnamed')).toMatchObject({ description: null, isSensitive: true });
  });

  test('in an external id is left out, and the asset is still never made twice', async () => {
    for (const status of [400, 403] as const) {
      connector.showpad.switches.externalIdRefused = status;
      const first = await connector.finish(upsert(`no-external-id-${status}`));
      const second = await connector.finish(upsert(`no-external-id-${status}`, { description: 'again' }));
      connector.showpad.switches.externalIdRefused = null;
      expect(first).toMatchObject({ state: 'done', error: null });
      expect(second).toMatchObject({ state: 'done', showpad: { assetId: first.showpad.assetId } });
    }
  });
});

describe('names', () => {
  test('of authors are their e-mail addresses, in any case', async () => {
    await connector.finish(upsert('authors', { authors: ['jo@EXAMPLE.com'] }));
    expect(assetOf('authors')?.authors).toEqual([{ id: connector.showpad.users[0]?.id }]);
    const job = await connector.finish(change('authors', { authors: ['nobody@example.com'] }));
    expect(job).toMatchObject({ state: 'failed', error: { code: 'AUTHOR_UNKNOWN' } });
    expect(job.error?.message).not.toContain('nobody@example.com');
  });

  test('of a new tag that twenty events bring at once make one tag', async () => {
    const subjects = Array.from({ length: 20 }, (_, index) => `tagged-${index}`);
    await Promise.all(subjects.map((subject) => connector.send(upsert(subject, { tags: ['Brand new'] }))));
    await connector.stack.settled();
    expect(connector.showpad.tags.filter(({ name }) => name === 'Brand new')).toHaveLength(1);
    for (const subject of subjects) expect(tagNamesOf(subject)).toEqual(['Brand new']);
  });

  test('of tags that are gone from Showpad are looked up again', async () => {
    await connector.finish(upsert('stale-tag', { tags: ['Stale'] }));
    const id = connector.showpad.tags.find(({ name }) => name === 'Stale')?.id;
    const { request } = await import('undici');
    await request(`${connector.showpad.v4Url}/tags/${id}`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${connector.showpad.token}` },
    });
    expect(await connector.finish(upsert('stale-tag-2', { tags: ['Stale'] }))).toMatchObject({
      state: 'done',
    });
    expect(tagNamesOf('stale-tag-2')).toEqual(['Stale']);
  });

  test('of an id that nobody knows fail the job and say which', async () => {
    await connector.finish(upsert('unknown-tag'));
    const job = await connector.finish(
      change('unknown-tag', { tags: [{ id: 'f'.repeat(32) }], description: 'x' }),
    );
    expect(job).toMatchObject({ state: 'failed', error: { code: 'TAG_UNKNOWN' } });
    expect(assetOf('unknown-tag')).toMatchObject({ description: 'x' });
  });
});

describe('tags', () => {
  test('are replaced as a whole, down to none', async () => {
    await connector.finish(upsert('replaced', { tags: ['one', 'two'] }));
    await connector.finish(change('replaced', { tags: ['two', 'three'] }));
    expect(tagNamesOf('replaced').toSorted()).toEqual(['three', 'two']);
    await connector.finish(change('replaced', { tags: [] }));
    expect(tagNamesOf('replaced')).toEqual([]);
  });

  test("are added and removed beside a person's own", async () => {
    await connector.finish(upsert('own', { tags: ['ours', 'gone'] }));
    await connector.finish({
      type: 'tag.upsert',
      subject: 'tag-own',
      data: { name: 'theirs', division: { name: connector.showpad.divisions[0]?.name } },
    });
    const theirs = connector.showpad.tags.find(({ name }) => name === 'theirs');
    const asset = assetOf('own');
    if (asset === undefined || theirs === undefined) throw new Error('Both should be there.');
    asset.tags = [...asset.tags, { id: theirs.id }];
    const tags = { add: ['more'], remove: ['gone', 'never there'] };
    const job = await connector.finish({ type: 'asset.metadata', subject: 'own', data: { tags } });
    expect(job).toMatchObject({ state: 'done', error: null });
    expect(tagNamesOf('own').toSorted()).toEqual(['more', 'ours', 'theirs']);
  });

  test('come and go as such', async () => {
    const division = connector.showpad.divisions[1]?.id;
    const event = (type: string) => ({ type, subject: 'tag-1', data: { name: 'Campaign', division } });
    expect(await connector.finish(event('tag.upsert'))).toMatchObject({ state: 'done', error: null });
    const there = () => connector.showpad.tags.filter(({ name }) => name === 'Campaign');
    expect(there()).toMatchObject([{ division: { id: division } }]);
    await connector.finish(event('tag.upsert'));
    expect(there()).toHaveLength(1);
    expect(await connector.finish(event('tag.delete'))).toMatchObject({ state: 'done' });
    expect(there()).toEqual([]);
    expect(await connector.finish(event('tag.delete'))).toMatchObject({ state: 'done' });
  });

  test('that a filter uses stay, and the job says so', async () => {
    const event = (type: string) => ({ type, subject: 'tag-2', data: { name: 'Filtered' } });
    await connector.finish(event('tag.upsert'));
    connector.showpad.faults.add({
      match: { method: 'DELETE', path: '/v4/tags/{tag}' },
      action: { kind: 'status', status: 409 },
    });
    const job = await connector.finish(event('tag.delete'));
    expect(job).toMatchObject({ state: 'failed', error: { code: 'TAG_IN_USE', retryable: true } });
  });
});
