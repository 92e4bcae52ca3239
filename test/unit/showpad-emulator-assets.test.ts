import { request as httpRequest } from 'node:http';
import * as z from 'zod';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startShowpadEmulator, type ShowpadEmulator } from '../../local/showpad/showpad-emulator.ts';
import { createShowpadCaller, only } from '../showpad-caller.ts';

let nowMs: number;
let showpad: ShowpadEmulator;
let caller: ReturnType<typeof createShowpadCaller>;

beforeEach(async () => {
  nowMs = Date.parse('2026-11-23T12:00:00Z');
  showpad = await startShowpadEmulator({
    now: () => nowMs,
    divisions: [
      { name: 'Marketing', id: 'marketing', isAssetSharingEnabled: true },
      { name: 'Sales', id: 'sales' },
    ],
    tags: ['a', 'b', 'shared'].map((id) => ({
      name: id,
      id,
      division: 'Marketing',
      isDivisionShared: id === 'shared',
    })),
    users: [{ email: 'jo@example.com', id: 'jo' }],
    switches: { processingMs: 0 },
  });
  caller = createShowpadCaller(showpad);
});

afterEach(() => showpad.close());

const problemSchema = z.object({ meta: z.array(z.object({ name: z.string() })).nullable() });

async function refusedNames(path: string, body: unknown, status: number): Promise<string[]> {
  const answer = await caller.call('POST', path, { body });
  expect(answer.status).toBe(status);
  expect(answer.headers['content-type']).toBe('application/problem+json');
  return (problemSchema.parse(answer.json).meta ?? []).map(({ name }) => name);
}

const division = { id: 'marketing' };

describe('access', () => {
  test.each([[null], ['wrong'], ['']])('the token %j is refused', async (token) => {
    const { status, json } = await caller.call('GET', '/assets', { token });
    expect(status).toBe(401);
    expect(json).toMatchObject({ title: 'Unauthorized', status: 401 });
  });

  test('an unknown path is 404, a known one by another method 405', async () => {
    expect((await caller.call('GET', '/unknown')).status).toBe(404);
    expect((await caller.call('DELETE', '/assets')).status).toBe(405);
  });

  test('a request target that is no path is 400', async () => {
    const outgoing = httpRequest(showpad.v4Url, { path: '//' }).end();
    const status = await new Promise((resolve) => {
      outgoing.once('response', (incoming) => {
        resolve(incoming.resume().statusCode);
      });
    });
    expect(status).toBe(400);
  });

  test('a path of neither API is answered as API v3 answers for what it does not have', async () => {
    const { status, json } = await caller.call('GET', '/../api/v2/users/me.json');
    expect(status).toBe(404);
    expect(json).toMatchObject({ meta: { code: 404 } });
  });
});

describe('creating an asset', () => {
  test.each<[string, unknown, string[]]>([
    ['nothing', {}, ['name', 'division']],
    ['no JSON object', [], ['']],
    ['an unknown field', { name: 'a', division, colour: 'red' }, ['colour']],
    ['an unknown nested field', { name: 'a', division: { ...division, name: 'M' } }, ['division.name']],
    ['wrong types', { name: 1, division, isSensitive: 'yes' }, ['name', 'isSensitive']],
    ['an empty externalId', { name: 'a', division, externalId: '' }, ['externalId']],
    ['an externalId of 129 characters', { name: 'a', division, externalId: 'x'.repeat(129) }, ['externalId']],
    ['a null list', { name: 'a', division, tags: null }, ['tags']],
    [
      'an unknown download',
      { name: 'a', division, downloadableInternal: ['raw'] },
      ['downloadableInternal.0'],
    ],
    ['a date that is none', { name: 'a', division, expiresAt: '2026-11-23' }, ['expiresAt']],
    ['a country that is none', { name: 'a', division, countries: [{ code: 'be' }] }, ['countries.0.code']],
    ['a language that is none', { name: 'a', division, languages: [{ code: '_' }] }, ['languages.0.code']],
    ['a half page range', { name: 'a', division, lockedPages: [{ start: 1 }] }, ['lockedPages.0.end']],
    [
      'an impossible origin',
      { name: 'a', division, origin: { type: 'oauth2client', id: 'showpad' } },
      ['origin.id'],
    ],
    ['localization', { name: 'a', division, localization: null }, ['localization']],
    ['a URL without the extension', { name: 'a', division, url: 'https://example.com' }, ['name']],
    [
      'editing of a PDF',
      { name: 'a.pdf', division, permissions: { isEditable: false } },
      ['permissions.isEditable'],
    ],
    [
      'sharing without the Division',
      { name: 'a', division: { id: 'sales' }, isDivisionShared: true },
      ['isDivisionShared'],
    ],
  ])('is refused with %s', async (_, body, names) => {
    expect(await refusedNames('/assets', body, 400)).toEqual(names);
    expect(showpad.assets).toEqual([]);
  });

  test.each<[string, object, string]>([
    ['a Division', { division: { id: 'x' } }, 'division.id'],
    ['a tag', { tags: [{ id: 'a' }, { id: 'x' }] }, 'tags.1.id'],
    ['an author', { authors: [{ id: 'x' }] }, 'authors.0.id'],
  ])('is refused with 404 or 400, as switched, when %s does not exist', async (_, fields, name) => {
    const body = { name: 'a', division, ...fields };
    expect(await refusedNames('/assets', body, 404)).toEqual([name]);
    showpad.switches.unknownReferenceStatus = 400;
    expect(await refusedNames('/assets', body, 400)).toEqual([name]);
  });

  test('is refused when the body is not sent as JSON', async () => {
    const headers = { 'content-type': 'text/plain' };
    expect((await caller.call('POST', '/assets', { body: { name: 'a', division }, headers })).status).toBe(
      400,
    );
  });

  test('takes an externalId twice unless it is switched to be unique', async () => {
    const body = { name: 'a', division, externalId: 'demo:1' };
    expect((await caller.call('POST', '/assets', { body })).status).toBe(201);
    expect((await caller.call('POST', '/assets', { body })).status).toBe(201);
    showpad.switches.externalIdUnique = true;
    expect(await refusedNames('/assets', body, 409)).toEqual(['externalId']);
  });

  test.each([400, 403] as const)('can be switched to refuse any externalId with %i', async (status) => {
    showpad.switches.externalIdRefused = status;
    expect(await refusedNames('/assets', { name: 'a', division, externalId: 'demo:1' }, status)).toEqual([
      'externalId',
    ]);
    expect((await caller.call('POST', '/assets', { body: { name: 'a', division } })).status).toBe(201);
  });
});

describe('updating an asset', () => {
  test('leaves absent fields alone and replaces lists and permissions whole', async () => {
    const asset = await caller.createAsset({
      name: 'a.docx',
      description: 'old',
      tags: [{ id: 'a' }, { id: 'b' }],
      permissions: { isShareable: false, isEditable: true },
    });
    nowMs += 1000;
    const body = { tags: [{ id: 'b' }], permissions: { isAnnotatable: false } };
    const { status, json } = await caller.call('POST', `/assets/${asset.id}`, { body });
    expect(status).toBe(200);
    expect(json).toMatchObject({
      name: 'a.docx',
      description: 'old',
      tags: [{ id: 'b' }],
      permissions: { isAnnotatable: false, isEditable: false, isShareable: true },
      createdAt: '2026-11-23T12:00:00.000Z',
      updatedAt: '2026-11-23T12:00:01.000Z',
    });
  });

  test('clears what may be null', async () => {
    const asset = await caller.createAsset({
      name: 'a',
      description: 'old',
      expiresAt: '2027-01-01T01:00:00+01:00',
    });
    expect(asset.expiresAt).toBe('2027-01-01T00:00:00.000Z');
    await caller.call('POST', `/assets/${asset.id}`, {
      body: { description: null, expiresAt: null, tags: [] },
    });
    expect(asset).toMatchObject({ description: null, expiresAt: null, tags: [] });
  });

  test('cannot change the Division', async () => {
    const asset = await caller.createAsset({ name: 'a' });
    expect(await refusedNames(`/assets/${asset.id}`, { division: { id: 'sales' } }, 400)).toEqual([
      'division',
    ]);
  });

  test('names tags that do not exist with 400, for 404 means the asset', async () => {
    const asset = await caller.createAsset({ name: 'a' });
    expect(await refusedNames(`/assets/${asset.id}`, { tags: [{ id: 'x' }] }, 400)).toEqual(['tags.0.id']);
    expect(await refusedNames('/assets/unknown', { tags: [] }, 404)).toEqual([]);
  });

  test.each([
    ['reset', { isAnnotatable: false, isEditable: false, isShareable: true }],
    ['kept', { isAnnotatable: false, isEditable: true, isShareable: false }],
  ] as const)('can be switched: permissions that are left out are %s', async (partial, permissions) => {
    showpad.switches.partialPermissions = partial;
    const given = { isShareable: false, isEditable: true };
    const asset = await caller.createAsset({ name: 'a.docx', permissions: given });
    expect(asset.permissions).toEqual({ isAnnotatable: true, ...given });
    const body = { permissions: { isAnnotatable: false } };
    await caller.call('POST', `/assets/${asset.id}`, { body });
    expect(asset.permissions).toEqual(permissions);
  });

  test('can be switched to refuse fields by name, and then changes nothing', async () => {
    const asset = await caller.createAsset({ name: 'a.docx' });
    const body = { name: 'b', description: 'new', isSensitive: true, permissions: { isEditable: true } };
    showpad.switches.refusedFields = ['url', 'description', 'permissions.isEditable'];
    const names = ['description', 'permissions.isEditable'];
    expect(await refusedNames(`/assets/${asset.id}`, body, 400)).toEqual(names);
    expect(await refusedNames('/assets', { ...body, division }, 400)).toEqual(names);
    expect(asset).toMatchObject({ name: 'a.docx', isSensitive: false });
    const rest = { isSensitive: true, permissions: { isShareable: false } };
    expect((await caller.call('POST', `/assets/${asset.id}`, { body: rest })).status).toBe(200);
    showpad.switches.refusedFields = [];
    expect((await caller.call('POST', `/assets/${asset.id}`, { body })).status).toBe(200);
    expect(asset.description).toBe('new');
  });

  test('names authors that do not exist', async () => {
    const asset = await caller.createAsset({ name: 'a', authors: [{ id: 'jo' }] });
    const body = { authors: [{ id: 'jo' }, { id: 'al' }] };
    expect(await refusedNames(`/assets/${asset.id}`, body, 400)).toEqual(['authors.1.id']);
    expect(asset.authors).toEqual([{ id: 'jo' }]);
  });

  test('shares across Divisions only where the Division shares', async () => {
    const shared = await caller.createAsset({ name: 'a', isDivisionShared: true });
    expect(shared.isDivisionShared).toBe(true);
    const asset = await caller.createAsset({ name: 'a', division: { id: 'sales' } });
    const body = { isDivisionShared: true };
    expect(await refusedNames(`/assets/${asset.id}`, body, 400)).toEqual(['isDivisionShared']);
    expect(
      (await caller.call('POST', `/assets/${asset.id}`, { body: { isDivisionShared: false } })).status,
    ).toBe(200);
  });

  test.each([
    ['refused', 400],
    ['accepted', 200],
  ] as const)('tags of another Division are %s, as switched, unless shared', async (rule, status) => {
    showpad.switches.tagsOfOtherDivisions = rule;
    const asset = await caller.createAsset({ name: 'a', division: { id: 'sales' } });
    const update = (id: string) => caller.call('POST', `/assets/${asset.id}`, { body: { tags: [{ id }] } });
    expect((await update('a')).status).toBe(status);
    expect((await update('shared')).status).toBe(200);
  });
});

describe('a file name', () => {
  test('given with a new file renames the asset', async () => {
    const asset = await caller.createAsset({ name: 'a.pdf' });
    await caller.createFile(asset.id, { name: 'b.png' });
    expect(asset.name).toBe('b.png');
    const { contentType } = await caller.createFile(asset.id);
    expect(contentType).toBe('image/png');
    expect(asset.name).toBe('b.png');
  });

  test('a URL asset takes no file', async () => {
    const asset = await caller.createAsset({ name: 'a.url', url: 'https://example.com' });
    expect((await caller.call('POST', `/assets/${asset.id}/files`, { body: {} })).status).toBe(400);
  });
});

test('a deleted asset is gone for good', async () => {
  const asset = await caller.createAsset({ name: 'a' });
  expect((await caller.call('DELETE', `/assets/${asset.id}`)).status).toBe(204);
  expect((await caller.call('GET', `/assets/${asset.id}`)).status).toBe(404);
  expect((await caller.call('DELETE', `/assets/${asset.id}`)).status).toBe(404);
  expect(only(showpad.deletedAssets).id).toBe(asset.id);
});
