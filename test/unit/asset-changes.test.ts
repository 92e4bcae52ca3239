import { describe, expect, it } from 'vitest';
import { composeChanges, needsCurrent, type Surroundings } from '../../lib/asset-changes.ts';
import type { AppliedState } from '../../lib/asset-state.ts';
import { pendingPaths } from '../../lib/next-step.ts';
import { ShowpadNames } from '../../lib/showpad-names.ts';
import { laid, type Laid } from './arbitrary-events.ts';
import { assetOf, file, known, refusal } from './asset-situation.ts';
import { accepted } from './metadata-examples.ts';
import { json } from './showpad-client-server.ts';
import { startDirectory, type Directory } from './showpad-directory.ts';

const directory: Directory = {
  divisions: [
    { id: 'd1', name: 'Sales' },
    { id: 'd2', name: 'Marketing' },
  ],
  users: [{ id: 'u1', email: 'jo@example.com' }],
};
const tagsThere = () => [
  { id: 'red', name: 'red' },
  { id: 'blue', name: 'blue' },
];
type Current = NonNullable<Surroundings['current']>;
const there: Current = { id: 'asset-1', name: 'a.pptx', tags: [{ id: 'by-hand' }] };

/** What is made of the wishes for an asset; `current` null for one that is about to be created. */
async function compose(
  events: readonly Laid[],
  {
    current = there,
    applied = known,
    createTags = true,
    ...showpad
  }: { current?: Current | null; applied?: Partial<AppliedState>; createTags?: boolean } & Directory = {},
) {
  const { client, calls } = await startDirectory({ ...directory, tags: tagsThere(), ...showpad });
  const asset = assetOf(events, current === null ? {} : applied);
  const surroundings = { divisionId: 'd1', createTags, ...(current !== null && { current }) };
  const draft = await composeChanges(new ShowpadNames(client), asset, surroundings);
  const { body, written, refused } = draft;
  return { body, written, refused, reasons: draft.applied().refused, asset, calls };
}
const wish = (metadata: unknown, second = 2) =>
  laid(`metadata-${second}`, second, 'asset.metadata', { metadata });
const change = (tags: { add?: unknown[]; remove?: unknown[] }, second = 3) =>
  laid(`tags-${second}`, second, 'asset.metadata', { tags });

const pages = [{ start: 1, end: 3 }];
const localization = { primary: { asset: { id: 'a' } }, variants: [{ asset: { id: 'b' } }] };
const instant = '2026-01-01T00:00:00.000Z';
const parts: [field: string, value: unknown, part: Record<string, unknown>][] = [
  ['name', 'Brochure', { name: 'Brochure' }],
  ['description', 'two\nlines', { description: 'two\nlines' }],
  ['description', null, { description: null }],
  ['description', '', { description: '' }],
  ['division', 'd1', {}],
  ['division', { name: 'Sales' }, {}],
  [
    'tags',
    ['red', { id: 't9' }, { name: 'green' }],
    { tags: [{ id: 'red' }, { id: 't9' }, { id: 'tags-3' }] },
  ],
  ['tags', ['red', { id: 'red' }], { tags: [{ id: 'red' }] }],
  ['tags', [], { tags: [] }],
  ['languages', ['en', 'pt-BR'], { languages: [{ code: 'en' }, { code: 'pt-BR' }] }],
  ['languages', [], { languages: [] }],
  ['countries', ['DE', 'GB'], { countries: [{ code: 'DE' }, { code: 'GB' }] }],
  ['authors', ['jo@example.com', { id: 'u2' }], { authors: [{ id: 'u1' }, { id: 'u2' }] }],
  ['authors', [], { authors: [] }],
  ['permissions', { isShareable: false }, { permissions: { isShareable: false } }],
  ['isProcessedUsed', true, { isProcessedUsed: true }],
  ['isDivisionShared', false, { isDivisionShared: false }],
  ['isSensitive', true, { isSensitive: true }],
  ['isRenderExternalAllowed', false, { isRenderExternalAllowed: false }],
  ['isOnlyEntireDocumentShareable', true, { isOnlyEntireDocumentShareable: true }],
  ['isSpeakerNotesEnabled', false, { isSpeakerNotesEnabled: false }],
  ['lockedPages', pages, { lockedPages: pages }],
  ['lockedPages', [], { lockedPages: [] }],
  ['enforcedPages', { prepend: pages, append: null }, { enforcedPages: { prepend: pages, append: null } }],
  ['enforcedPages', null, { enforcedPages: null }],
  ['downloadableInternal', ['original', 'pdf'], { downloadableInternal: ['original', 'pdf'] }],
  ['downloadableExternal', [], { downloadableExternal: [] }],
  ['expiresAt', '2026-01-01T01:00:00+01:00', { expiresAt: instant }],
  ['expiresAt', null, { expiresAt: null }],
  ['releasedAt', instant, { releasedAt: instant }],
  ['draftedAt', null, { draftedAt: null }],
  ['localization', localization, { localization }],
  ['localization', null, { localization: null }],
];

describe('a metadata field', () => {
  it.each(parts)('%s of %j becomes exactly %j', async (field, value, part) => {
    const { body, written, refused, asset } = await compose([wish({ [field]: value })]);
    expect(body).toStrictEqual(part);
    expect(written).toEqual(pendingPaths(asset));
    expect(refused).toEqual([]);
  });

  it('of every name in the contract is known', () => {
    expect(new Set(parts.map(([field]) => field))).toEqual(new Set(accepted.map(([field]) => field)));
  });

  it('goes along with all the others that are pending, and with nothing else', async () => {
    const { body } = await compose([wish({ name: 'New', description: 'text', isSensitive: true })], {
      applied: { ...known, fields: { isSensitive: true } },
    });
    expect(body).toStrictEqual({ name: 'New', description: 'text' });
  });

  it('that cannot be put is refused alone, with its reason', async () => {
    const bad = { division: { name: 'Marketing' }, authors: ['secret@example.com'] };
    const event = wish({ ...bad, name: 'New' });
    const { body, written, reasons } = await compose([event]);
    expect(body).toStrictEqual({ name: 'New' });
    expect(written).toEqual(['fields.name']);
    expect(reasons).toMatchObject({
      'fields.division': { code: 'DIVISION_FIXED', order: event.order },
      'fields.authors': { code: 'AUTHOR_UNKNOWN', order: event.order },
    });
    expect(JSON.stringify(reasons)).not.toMatch(/secret|example\.com/);
  });

  it('of an asset that is about to be created is put likewise, but for its localization', async () => {
    const { body, written } = await compose(
      [wish({ description: 'text', localization, languages: ['en'] })],
      {
        current: null,
      },
    );
    expect(body).toStrictEqual({ description: 'text', languages: [{ code: 'en' }] });
    expect(written).toEqual(['fields.description', 'fields.languages']);
  });
});

describe('the permissions', () => {
  const current = { ...there, permissions: { isShareable: true, isAnnotatable: false, isEditable: true } };

  it('are sent whole, those that no event named as they are', async () => {
    const { body, written } = await compose([wish({ permissions: { isShareable: false } })], { current });
    expect(body).toEqual({ permissions: { isShareable: false, isAnnotatable: false, isEditable: true } });
    expect(written).toEqual(['fields.permissions.isShareable']);
  });

  it('keep what earlier events have set', async () => {
    const events = [
      wish({ permissions: { isAnnotatable: true } }),
      wish({ permissions: { isShareable: false } }, 3),
    ];
    const applied = { ...known, fields: { 'permissions.isAnnotatable': true } };
    const { body, written } = await compose(events, { current, applied });
    expect(body).toEqual({ permissions: { isShareable: false, isAnnotatable: true, isEditable: true } });
    expect(written).toEqual(['fields.permissions.isShareable']);
  });

  it.each(['a.pdf', 'A.PDF'])('of %s go without the right to edit that Showpad shows', async (name) => {
    const { body } = await compose([wish({ permissions: { isShareable: false } })], {
      current: { ...current, name },
    });
    expect(body).toEqual({ permissions: { isShareable: false, isAnnotatable: false } });
  });

  it('of a PDF hold the right to edit where an event names it, so that its refusal is told', async () => {
    const { body } = await compose([wish({ permissions: { isEditable: false } })], {
      current: { ...current, name: 'a.pdf' },
    });
    expect(body).toMatchObject({ permissions: { isEditable: false } });
  });

  it('leave out what was refused before, so that one bad right spoils no other', async () => {
    const bad = wish({ permissions: { isEditable: true } });
    const { body, written } = await compose([bad, wish({ permissions: { isShareable: false } }, 3)], {
      current: { ...current, name: 'a.pdf' },
      applied: { ...known, refused: { 'fields.permissions.isEditable': refusal(bad) } },
    });
    expect(body).toEqual({ permissions: { isShareable: false, isAnnotatable: false } });
    expect(written).toEqual(['fields.permissions.isShareable']);
  });

  it('of an asset that is about to be created are those that were named', async () => {
    const { body } = await compose([wish({ permissions: { isShareable: true } })], { current: null });
    expect(body).toEqual({ permissions: { isShareable: true } });
  });
});

describe('the tags', () => {
  it('that people added stay when an event adds or removes others', async () => {
    const current = { ...there, tags: [{ id: 'by-hand' }, { id: 'blue' }] };
    const { body, written } = await compose([change({ add: ['red', 'new'], remove: ['blue', 'none'] })], {
      current,
    });
    expect(body).toEqual({ tags: [{ id: 'by-hand' }, { id: 'red' }, { id: 'tags-3' }] });
    expect(written).toEqual(['tags.name:red', 'tags.name:new', 'tags.name:blue', 'tags.name:none']);
  });

  it('are replaced by a list of all, and later changes come on top of it', async () => {
    const { body } = await compose([wish({ tags: ['blue'] }), change({ add: ['red'], remove: ['blue'] })]);
    expect(body).toEqual({ tags: [{ id: 'red' }] });
  });

  it('of a list keep changes that were made on top of it when the list has to be told again', async () => {
    const added = change({ add: ['red'] });
    const { body } = await compose([wish({ tags: ['blue'] }), added], {
      applied: { ...known, tagChanges: { 'name:red': added.order } },
    });
    expect(body).toEqual({ tags: [{ id: 'blue' }, { id: 'red' }] });
  });

  it('are not made to be removed', async () => {
    const { body, calls } = await compose([change({ remove: ['none'] })]);
    expect(body).toEqual({ tags: [{ id: 'by-hand' }] });
    expect(calls).toEqual(['GET /tags']);
  });

  it('that cannot be had are refused alone, and the others are added', async () => {
    const tags = [...tagsThere(), { id: 'BLUE', name: 'Blue' }, { id: 'blue-too', name: 'blue' }];
    const event = change({ add: ['red', 'blue', 'none'] });
    const { body, reasons } = await compose([event], {
      createTags: false,
      tags,
    });
    expect(body).toEqual({ tags: [{ id: 'by-hand' }, { id: 'red' }] });
    expect(reasons).toMatchObject({
      'tags.name:blue': { code: 'TAG_AMBIGUOUS', order: event.order },
      'tags.name:none': { code: 'TAG_UNKNOWN', order: event.order },
    });
  });

  it('that Showpad will not make are refused alone too', async () => {
    const { body, refused } = await compose([wish({ name: 'New' }), change({ add: ['red', 'none'] })], {
      instead: (operation, response) => {
        if (operation !== 'POST /tags') return false;
        json(response, 403, { title: 'Forbidden', detail: 'May not make tags.', status: 403 });
        return true;
      },
    });
    expect(body).toEqual({ name: 'New', tags: [{ id: 'by-hand' }, { id: 'red' }] });
    expect(refused).toEqual(['tags.name:none']);
  });

  it('are left as they are, and not sent, when none of the wishes can be had', async () => {
    const { body, refused } = await compose([wish({ tags: ['none'] })], { createTags: false });
    expect(body).toEqual({});
    expect(refused).toEqual(['fields.tags']);
  });
});

describe('the lifecycle', () => {
  const upsert = laid('upsert', 1, 'asset.upsert', { file });
  const archive = laid('archive', 2, 'asset.archive');
  const restore = laid('restore', 3, 'asset.restore');

  it('is told to an asset that is there', async () => {
    expect((await compose([archive])).body).toEqual({ isArchived: true });
    const archived = { ...known, lifecycle: 'archived' } as const;
    const { body, written } = await compose([archive, restore], { applied: archived });
    expect(body).toEqual({ isArchived: false });
    expect(written).toEqual(['lifecycle']);
  });

  it('of a new asset is told only where it is to be archived', async () => {
    expect((await compose([upsert], { current: null })).body).toEqual({});
    expect((await compose([upsert, archive], { current: null })).body).toEqual({ isArchived: true });
  });
});

describe('the asset as it is', () => {
  it.each([
    [true, wish({ tags: [] })],
    [true, wish({ permissions: { isEditable: true } })],
    [true, change({ add: ['red'] })],
    [false, wish({ name: 'New', languages: ['en'] })],
    [false, laid('archive', 2, 'asset.archive')],
  ])('is needed (%s) for what can only be told on top of it', (isNeeded, event) => {
    expect(needsCurrent(assetOf([event], known))).toBe(isNeeded);
  });
});
