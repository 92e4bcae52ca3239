import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { AssetDraft } from '../../lib/asset-draft.ts';
import { pendingPaths } from '../../lib/next-step.ts';
import { TryAgain } from '../../lib/reasons.ts';
import { ShowpadNames } from '../../lib/showpad-names.ts';
import { createAsset, updateAsset } from '../../lib/showpad/assets.ts';
import { writeDraft } from '../../lib/write-draft.ts';
import { laid } from './arbitrary-events.ts';
import { assetOf, known } from './asset-situation.ts';
import { clientOf, failureOf, json, startServer } from './showpad-client-server.ts';

interface Refusal {
  readonly status?: number;
  readonly detail?: string;
  readonly meta?: unknown;
}
type Body = Readonly<Record<string, unknown>>;
const metadata = { name: 'New', description: 'text', isSensitive: true, lockedPages: [{ start: 1, end: 2 }] };
const named = (name: string, reason = 'No good.') => ({ meta: [{ name, reason, category: 'validation' }] });
const jsonObject = z.record(z.string(), z.unknown());

/** A draft of `fields`, and a Showpad that takes what `judge` finds nothing wrong with. */
async function draftFor(judge: (body: Body) => Refusal | null, fields: Body = metadata) {
  const isEmpty = Object.keys(fields).length === 0;
  const event = laid('event', 5, 'asset.metadata', { metadata: isEmpty ? metadata : fields });
  const draft = new AssetDraft(assetOf([event], known));
  draft.put(fields);
  for (const { path } of isEmpty ? [] : event.wishes) await draft.fulfil(path);
  const bodies: Body[] = [];
  const server = await startServer((response, { method, url, body }) => {
    if (method === 'GET') {
      const tags = [{ id: 't1', name: 'red' }];
      json(response, 200, url.startsWith('/v4/tags') ? { count: 1, items: tags } : { count: 0, items: [] });
      return;
    }
    const sent = jsonObject.parse(JSON.parse(body));
    bodies.push(sent);
    const refusal = judge(sent);
    const { status = 400, ...why } = refusal ?? {};
    if (refusal === null) json(response, 200, { id: 'asset-1' });
    else json(response, status, { title: 'Bad request', detail: '', status, ...why });
  });
  const client = clientOf(server.url, { random: () => 0 });
  const names = new ShowpadNames(client);
  const update = (isFirstTry = false) =>
    writeDraft(draft, () => updateAsset(client, 'asset-1', draft.body), { names, isFirstTry });
  const create = (otherwise: (names: readonly string[]) => boolean = () => false, required: Body = {}) =>
    writeDraft(
      draft,
      () => createAsset(client, { ...draft.body, name: 'New', division: { id: 'd1' }, ...required }),
      { names, isFirstTry: false, otherwise, mayBeEmpty: true },
    );
  const afterwards = () =>
    pendingPaths({ ...draft.asset, applied: { ...draft.asset.applied, ...draft.applied() } });
  return { draft, bodies, requests: server.requests, names, update, create, afterwards };
}
const holds = (field: string) => (body: Body) => field in body;

describe('a draft that Showpad takes', () => {
  it('is sent once', async () => {
    const { update, bodies, afterwards } = await draftFor(() => null);
    expect(await update()).toMatchObject({ id: 'asset-1' });
    expect(bodies).toEqual([metadata]);
    expect(afterwards()).toEqual([]);
  });

  it('is not sent when there is nothing in it', async () => {
    const { update, requests } = await draftFor(() => null, {});
    expect(await update()).toBeNull();
    expect(requests).toEqual([]);
  });
});

describe('a field that Showpad refuses by name', () => {
  it.each([
    'lockedPages',
    'lockedPages[0].start',
    'lockedPages.0.start',
    '/lockedPages/0/start',
    '#/lockedPages/0',
    '$.lockedPages[0]',
    'body.lockedPages[0].start',
    'body/lockedPages/0',
  ])('as %s is taken out with its reason, and the rest is sent again', async (name) => {
    const { update, bodies, draft, afterwards } = await draftFor((body) =>
      holds('lockedPages')(body) ? named(name, 'There is no page 2.') : null,
    );
    expect(await update()).toMatchObject({ id: 'asset-1' });
    const { lockedPages: _refused, ...rest } = metadata;
    expect(bodies).toEqual([metadata, rest]);
    expect(draft.applied().refused['fields.lockedPages']).toMatchObject({
      code: 'SHOWPAD_REJECTED',
      message: 'Showpad refused lockedPages: There is no page 2.',
    });
    expect(afterwards()).toEqual([]);
  });

  it('together with others is told with all reasons of its own', async () => {
    const { update, bodies, draft } = await draftFor((body) =>
      holds('name')(body)
        ? {
            meta: [
              { name: 'name', reason: 'Too long.', category: 'validation' },
              { name: 'isSensitive', reason: 'Not allowed.', category: 'validation' },
              { name: 'name', reason: 'Too odd.', category: 'validation' },
            ],
          }
        : null,
    );
    await update();
    expect(bodies).toHaveLength(2);
    const { refused } = draft.applied();
    expect(refused['fields.name']?.message).toBe('Showpad refused name: Too long.; Too odd.');
    expect(refused['fields.isSensitive']?.message).toBe('Showpad refused isSensitive: Not allowed.');
  });

  it.each([400, 403, 404, 409, 422])('with status %i counts as refused', async (status) => {
    const { update, draft } = await draftFor((body) =>
      holds('isSensitive')(body) ? { status, ...named('isSensitive') } : null,
    );
    await update();
    expect(draft.refused).toEqual(['fields.isSensitive']);
  });

  it('that was the last leaves nothing to send', async () => {
    const { update, bodies, draft } = await draftFor(() => named('name'), { name: 'New' });
    expect(await update()).toBeNull();
    expect(bodies).toHaveLength(1);
    expect(draft.refused).toEqual(['fields.name']);
  });

  it('although it was not sent is no reason to go on for ever', async () => {
    const { update, bodies } = await draftFor(() => ({ status: 403, ...named('country') }));
    expect(await failureOf(update())).toMatchObject({ status: 403 });
    expect(bodies).toHaveLength(1);
  });

  it.each([401, 429, 503])('with status %i is not refused: the call has failed', async (status) => {
    const { update, draft } = await draftFor(() => ({ status, ...named('name') }));
    expect(await failureOf(update())).toMatchObject({ status });
    expect(draft.refused).toEqual([]);
    expect(draft.body).toEqual(metadata);
  });
});

describe('a refusal that names no field', () => {
  it.each([400, 422])('with status %i is narrowed down, one field in each round', async (status) => {
    const { update, bodies, draft, afterwards } = await draftFor((body) =>
      holds('description')(body) ? { status, detail: 'Something is wrong.' } : null,
    );
    expect(await update()).toMatchObject({ id: 'asset-1' });
    expect(bodies.map((body) => Object.keys(body))).toEqual([Object.keys(metadata), ['name']]);
    expect(draft.refused).toEqual([]);
    expect(afterwards()).toEqual(['fields.description', 'fields.isSensitive', 'fields.lockedPages']);
  });

  it('refuses the field that stands alone, and leaves the others pending', async () => {
    const { update, bodies, draft, afterwards } = await draftFor((body) =>
      holds('name')(body) ? { detail: 'Something is wrong.' } : null,
    );
    expect(await update()).toBeNull();
    expect(bodies.map((body) => Object.keys(body))).toEqual([Object.keys(metadata), ['name']]);
    expect(draft.applied().refused['fields.name']).toMatchObject({
      code: 'SHOWPAD_REJECTED',
      message: 'Showpad refused name: Something is wrong.',
    });
    expect(afterwards()).toEqual(['fields.description', 'fields.isSensitive', 'fields.lockedPages']);
  });

  it.each([403, 404, 409])('with status %i is about the asset, and thrown', async (status) => {
    const { update, bodies, draft } = await draftFor(() => ({ status, detail: 'Something is wrong.' }));
    expect(await failureOf(update())).toMatchObject({ status });
    expect(bodies).toHaveLength(1);
    expect(draft.body).toEqual(metadata);
  });
});

describe('an id that Showpad does not know', () => {
  const ids = { tags: [{ id: 't1' }], name: 'New' };
  const authors = { authors: [{ id: 'u1' }], name: 'New' };

  it.each([
    ['tags', 'tags[0].id', ids],
    ['authors', 'authors', authors],
  ])('among the %s is looked up again the first time', async (_field, name, fields) => {
    const { update, names, requests, draft } = await draftFor(() => named(name), fields);
    await names.tagId('d1', 'red');
    await expect(update(true)).rejects.toBeInstanceOf(TryAgain);
    expect(draft.body).toEqual(fields);
    expect(draft.refused).toEqual([]);
    const looked = requests.length;
    await names.tagId('d1', 'red');
    expect(requests.slice(looked)).toMatchObject([{ method: 'GET' }]);
  });

  it.each([
    ['tags', 'TAG_UNKNOWN', ids],
    ['authors', 'AUTHOR_UNKNOWN', authors],
  ])('among the %s is refused with %s after that', async (field, code, fields) => {
    const { update, draft } = await draftFor(
      (body) => (holds(field)(body) ? { status: 404, ...named(`${field}[0]`, 'There is none.') } : null),
      fields,
    );
    expect(await update()).toMatchObject({ id: 'asset-1' });
    expect(draft.applied().refused[`fields.${field}`]).toMatchObject({ code });
    expect(draft.written).toEqual(['fields.name']);
  });

  it('is no reason to try again when something else is refused', async () => {
    const { update, draft } = await draftFor((body) => (holds('name')(body) ? named('name') : null), ids);
    await update(true);
    expect(draft.refused).toEqual(['fields.name']);
  });
});

describe('a create', () => {
  it('is sent although the draft is empty', async () => {
    const { create, bodies } = await draftFor(() => null, {});
    expect(await create()).toMatchObject({ id: 'asset-1' });
    expect(bodies).toEqual([{ name: 'New', division: { id: 'd1' } }]);
  });

  it('that is refused without a word is sent with only what it must have, the rest being left for later', async () => {
    const { create, bodies, draft, afterwards } = await draftFor((body) =>
      holds('description')(body) ? { detail: 'Something is wrong.' } : null,
    );
    expect(await create()).toMatchObject({ id: 'asset-1' });
    expect(bodies.at(-1)).toEqual({ name: 'New', division: { id: 'd1' } });
    expect(draft.refused).toEqual([]);
    expect(afterwards()).toHaveLength(4);
  });

  it('whose required parts are refused has failed', async () => {
    const byName = await draftFor(() => named('name'));
    expect(await failureOf(byName.create())).toMatchObject({ status: 400 });
    const wordless = await draftFor(() => ({ detail: 'Something is wrong.' }));
    expect(await failureOf(wordless.create())).toMatchObject({ status: 400 });
    expect(wordless.bodies).toHaveLength(2);
  });

  it.each<[string, Refusal]>([
    ['by name', named('externalId')],
    ['in its detail', { status: 403, detail: 'You may not set externalId.' }],
  ])('whose other fields are refused %s is changed by those who know them', async (_how, refusal) => {
    const required: Record<string, unknown> = { externalId: 'demo:s' };
    const { create, bodies, draft } = await draftFor((body) => (holds('externalId')(body) ? refusal : null));
    const told: (readonly string[])[] = [];
    const created = await create((fields) => {
      told.push(fields);
      return delete required['externalId'];
    }, required);
    expect(created).toMatchObject({ id: 'asset-1' });
    expect(told).toEqual([['externalId']]);
    expect(bodies.at(-1)).toEqual({ ...metadata, division: { id: 'd1' } });
    expect(draft.refused).toEqual([]);
  });
});
