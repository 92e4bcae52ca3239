import * as z from 'zod';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { EmulatedAsset } from '../../local/showpad/asset-resource.ts';
import { operations } from '../../local/showpad/operations.ts';
import { startShowpadEmulator, type ShowpadEmulator } from '../../local/showpad/showpad-emulator.ts';
import { createShowpadCaller, until, upload, type CallOptions } from '../showpad-caller.ts';
import { loadShowpadContract } from './openapi.ts';

const contract = loadShowpadContract();

const supported = new Set(operations.map(({ method, path }) => `${method} ${path}`));
const cases = (contract?.operations ?? [])
  .filter(({ label }) => supported.has(label))
  .flatMap(({ label, statuses }) => statuses.map((status) => ({ label, status: Number(status) })));

let showpad: ShowpadEmulator;
let asset: EmulatedAsset;
let caller: ReturnType<typeof createShowpadCaller>;

beforeEach(async () => {
  showpad = await startShowpadEmulator({
    divisions: [{ name: 'Marketing', isAssetSharingEnabled: true }],
    tags: [
      { name: 'spring', division: 'Marketing', id: 'spring' },
      { name: 'filter', division: 'Marketing', id: 'filter', usedInFilter: true },
    ],
    tagCategories: [
      { name: 'seasons', division: 'Marketing', id: 'seasons', tags: ['spring'] },
      { name: 'taken', division: 'Marketing', id: 'taken' },
    ],
    users: [{ email: 'jo@example.com', id: 'jo' }],
    switches: { processingMs: 0 },
  });
  caller = createShowpadCaller(showpad);
  asset = await caller.createAsset({ name: 'leaflet.pdf' });
  await upload(await caller.createFile(asset.id), Buffer.from('%PDF-1.7'));
  await until(showpad, () => asset.status === 'active');
});

afterEach(() => showpad.close());

interface Drive extends CallOptions {
  readonly path?: string;
}

const division = () => ({ id: showpad.divisions[0]?.id });
const taken = { name: 'filter' };

/** How to get each answer that is not simply reached by a good request, a missing token or an unknown id. */
const drives: Readonly<Record<string, () => Drive>> = {
  'POST /assets 201': () => ({ body: { ...everyField(), name: 'a.docx', division: division() } }),
  'POST /assets 400': () => ({ body: { name: 7, division: division(), colour: 'red' } }),
  'POST /assets 404': () => ({ body: { name: 'a.docx', division: { id: 'unknown' } } }),
  'POST /assets/{assetId} 200': () => ({ body: { ...everyField(), localization: localization() } }),
  'POST /assets/{assetId} 400': () => ({ body: { division: division() } }),
  'POST /assets/query 200': () => ({
    body: { query: '(name ~ "leaf" OR views > 5) AND archivedAt IS EMPTY ORDER BY createdAt DESC', limit: 5 },
  }),
  'POST /assets/query 400': () => ({ body: { query: 'name ~' } }),
  'POST /assets/{assetId}/files 201': () => ({
    body: { name: 'b.pdf', contentMD5: 'XrY7u+Ae7tCTyyK7j1rNww==' },
  }),
  'POST /assets/{assetId}/files 400': () => ({ body: { contentMD5: '5eb63bbbe01eeed093cb22bb8f5acdc3' } }),
  'GET /divisions 400': () => ({ path: '/divisions?limit=1001' }),
  'POST /tags 201': () => ({
    body: { name: 'summer', division: division(), origin: { type: 'oauth2client' } },
  }),
  'POST /tags 400': () => ({ body: { name: 'line\nbreak', division: division() } }),
  'POST /tags 409': () => ({ body: { ...taken, division: division() } }),
  'POST /tags/{tagId} 200': () => ({ body: { name: 'autumn' } }),
  'POST /tags/{tagId} 400': () => ({ body: {} }),
  'POST /tags/{tagId} 409': () => ({ body: taken }),
  'DELETE /tags/{tagId} 409': () => ({ path: '/tags/filter' }),
  'POST /tag-categories 201': () => ({
    body: {
      name: 'months',
      division: division(),
      isPublished: false,
      parent: { id: 'seasons' },
      tags: [{ id: 'spring' }],
    },
  }),
  'POST /tag-categories 400': () => ({ body: { name: 'months' } }),
  'POST /tag-categories 409': () => ({ body: { name: 'taken', division: division() } }),
  'POST /tag-categories/{tagCategoryId} 200': () => ({
    body: { name: 'months', parent: null, isPublished: true, tags: [] },
  }),
  'POST /tag-categories/{tagCategoryId} 400': () => ({ body: { division: division() } }),
  'POST /tag-categories/{tagCategoryId} 409': () => ({ body: { name: 'taken' } }),
  'POST /tag-categories/{tagCategoryId}/tags 200': () => ({
    body: { add: [{ id: 'filter' }], remove: [{ id: 'spring' }], clear: false },
  }),
  'POST /tag-categories/{tagCategoryId}/tags 400': () => ({ body: { add: [{ id: 'unknown' }] } }),
  'POST /tag-categories/{tagCategoryId}/tags 409': () => {
    showpad.switches.repeatedTagLink = 'conflict';
    return { body: { add: [{ id: 'spring' }] } };
  },
};

function everyField(): object {
  return {
    externalId: 'demo:1',
    description: null,
    permissions: { isAnnotatable: false, isShareable: true },
    isProcessedUsed: false,
    isDivisionShared: true,
    isSensitive: true,
    isArchived: true,
    isRenderExternalAllowed: true,
    isOnlyEntireDocumentShareable: true,
    isSpeakerNotesEnabled: true,
    lockedPages: [{ start: 1, end: 2 }],
    enforcedPages: { prepend: [{ start: 1, end: 1 }], append: null },
    expiresAt: '2027-01-01T00:00:00Z',
    releasedAt: null,
    draftedAt: '2026-01-01T00:00:00.000Z',
    tags: [{ id: 'spring' }],
    authors: [{ id: 'jo' }],
    languages: [{ code: 'en' }, { code: 'pt-BR' }],
    countries: [{ code: 'BE' }],
    downloadableInternal: ['original', 'pdf'],
    downloadableExternal: [],
    origin: { type: 'local', id: 'showpad' },
  };
}

function localization(): object {
  const placeholder = { languages: [{ code: 'fr' }], countries: [{ code: 'FR' }], authors: [] };
  return {
    primary: { asset: { id: asset.id } },
    variants: [{ asset: { id: asset.id } }, { asset: placeholder }],
  };
}

function pathOf(template: string, status: number): string {
  const ids: Readonly<Record<string, string | undefined>> = {
    assetId: asset.id,
    fileId: asset.files[0]?.id,
    divisionId: showpad.divisions[0]?.id,
    tagId: 'spring',
    tagCategoryId: 'seasons',
    userId: 'jo',
  };
  return template.replace(/\{(\w+)\}/gu, (_, name: string) =>
    status === 404 ? 'unknown' : (ids[name] ?? ''),
  );
}

describe.skipIf(contract === undefined)("the Showpad emulator and Showpad's OpenAPI document", () => {
  test('the document describes every operation of the emulator', () => {
    const documented = new Set(contract?.operations.map(({ label }) => label));
    expect([...supported].filter((label) => !documented.has(label))).toEqual([]);
  });

  test('the emulator has every operation of the document', () => {
    const missing = (contract?.operations ?? []).filter(({ label }) => !supported.has(label));
    expect(missing.map(({ label }) => label)).toEqual([]);
  });

  test.each(cases)('$label answers $status as the document says', async ({ label, status }) => {
    const [method = '', template = ''] = label.split(' ');
    if (method !== 'GET' && method !== 'POST' && method !== 'DELETE')
      throw new Error(`Unexpected ${method}.`);
    if (status === 403) showpad.faults.add({ match: { method }, action: { kind: 'status', status } });
    const goodStatus = Object.keys(drives).find((key) => key.startsWith(`${label} 2`));
    const drive = drives[`${label} ${String(status)}`] ?? drives[goodStatus ?? ''];
    const { path = pathOf(template, status), ...options } = drive?.() ?? {};

    const answer = await caller.call(method, path, {
      ...options,
      ...(status === 401 ? { token: null } : {}),
    });

    expect(answer.status).toBe(status);
    const exchange = showpad.requests.at(-1);
    if (exchange === undefined) throw new Error('The request was not recorded.');
    expect(contract?.answerViolations(exchange)).toEqual([]);
    if (status < 300) expect(contract?.requestViolations(exchange)).toEqual([]);
  });

  test.each([
    ['an asset that waits for its binary', { name: 'a.mp4' }],
    ['a URL asset', { name: 'a.url', url: 'https://example.com/a' }],
  ])('%s is shown as the document says', async (_, fields) => {
    const { id } = await caller.createAsset(fields);
    await caller.call('GET', `/assets/${id}`);
    expect(showpad.requests.flatMap((exchange) => apiViolations(exchange))).toEqual([]);
  });

  test('the pages of a query and the members of a localization are shown as the document says', async () => {
    await caller.call('POST', `/assets/${asset.id}`, { body: { localization: localization() } });
    const query = { query: 'name ~ "leaf" ORDER BY updatedAt DESC', limit: 1 };
    const { json } = await caller.call('POST', '/assets/query', { body: query });
    const { next } = z.object({ next: z.string() }).parse(json);
    await caller.call('POST', '/assets/query', { body: { ...query, cursor: next } });
    for (const { id } of showpad.assets) await caller.call('GET', `/assets/${id}`);
    expect(showpad.requests.flatMap((exchange) => apiViolations(exchange))).toEqual([]);
  });

  test('every filter of a list is understood', async () => {
    const lists = [
      '/assets?limit=5&offset=0&divisionIds=a,b&ids=c&name=leaf&externalIds=d,e&tagIds=f&slugs=g',
      '/tags?limit=5&offset=0&ids=a&divisionIds=b&tagCategoryIds=c&tagCategoryIds=d&name=e&exactName=f',
      '/tag-categories?limit=5&offset=0&ids=a,b&divisionIds=c,d',
      '/users?ids=a,b&emails=jo%2Bx%40example.com',
    ];
    for (const path of lists) expect((await caller.call('GET', path)).status).toBe(200);
    expect(showpad.requests.flatMap((exchange) => apiViolations(exchange))).toEqual([]);
  });
});

function apiViolations(exchange: ShowpadEmulator['requests'][number]): string[] {
  return exchange.listener === 'api' ? (contract?.violations(exchange) ?? []) : [];
}
