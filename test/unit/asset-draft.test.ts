import { describe, expect, it } from 'vitest';
import { AssetDraft, wishName, wishValue } from '../../lib/asset-draft.ts';
import type { AppliedState } from '../../lib/asset-state.ts';
import { pendingPaths } from '../../lib/next-step.ts';
import { JobFailure } from '../../lib/reasons.ts';
import { laid } from './arbitrary-events.ts';
import { assetOf, earlier, file, known, order, refusal } from './asset-situation.ts';

const event = laid('event', 5, 'asset.metadata', {
  metadata: {
    name: 'New',
    description: null,
    tags: ['blue'],
    permissions: { isShareable: true, isEditable: false },
  },
  tags: { add: ['red'] },
});
const archive = laid('archive', 6, 'asset.archive');
const body = {
  name: 'New',
  description: null,
  tags: [{ id: 't1' }],
  permissions: { isShareable: true, isEditable: false },
  isArchived: true,
};

/** A draft in which everything is fulfilled. */
async function draftOf(applied: Partial<AppliedState> = known): Promise<AssetDraft> {
  const draft = new AssetDraft(assetOf([event, archive], applied));
  draft.put(body);
  for (const { path } of event.wishes) await draft.fulfil(path);
  await draft.fulfil('lifecycle');
  return draft;
}
const afterwards = (draft: AssetDraft) =>
  pendingPaths({ ...draft.asset, applied: { ...draft.asset.applied, ...draft.applied() } });

describe('a draft', () => {
  it('that is sent whole leaves nothing pending', async () => {
    const draft = await draftOf();
    expect(draft.body).toEqual(body);
    expect(afterwards(draft)).toEqual([]);
    expect(draft.applied()).toEqual({
      fields: {
        name: 'New',
        description: null,
        tags: ['blue'],
        'permissions.isShareable': true,
        'permissions.isEditable': false,
      },
      tagChanges: { 'name:red': order(event) },
      refused: {},
      lifecycle: 'archived',
    });
  });

  it('keeps what was applied before, and an empty one changes nothing of it', () => {
    const applied = {
      ...known,
      fields: { isSensitive: true },
      tagChanges: { 'name:old': order(earlier) },
      refused: { 'fields.languages': refusal(earlier) },
    };
    const { fields, tagChanges, refused, lifecycle } = { ...applied };
    expect(new AssetDraft(assetOf([event], applied)).applied()).toEqual({
      fields,
      tagChanges,
      refused,
      lifecycle,
    });
    expect(new AssetDraft(assetOf([event])).applied()).toStrictEqual({
      fields: {},
      tagChanges: {},
      refused: {},
    });
  });

  it('notes a wish that fails with a reason as refused, and passes any other error on', async () => {
    const draft = new AssetDraft(assetOf([event], known));
    await draft.fulfil('fields.tags', () => Promise.reject(new JobFailure('TAG_AMBIGUOUS', 'Two of them')));
    expect([draft.written, draft.refused]).toEqual([[], ['fields.tags']]);
    expect(draft.applied().refused).toEqual({ 'fields.tags': refusal(event) });
    const broken = draft.fulfil('fields.name', () => Promise.reject(new Error('The connection failed.')));
    await expect(broken).rejects.toThrow('The connection failed.');
    expect(draft.written).toEqual([]);
  });
});

describe('a part that is refused', () => {
  it.each([
    ['name', ['fields.name']],
    ['tags', ['fields.tags', 'tags.name:red']],
    ['permissions', ['fields.permissions.isShareable', 'fields.permissions.isEditable']],
  ])('such as %s is taken out with the wishes behind it, which are not asked again', async (key, behind) => {
    const draft = await draftOf();
    expect(draft.refuse(key, 'SHOWPAD_REJECTED', 'No.')).toBe(true);
    expect(Object.keys(draft.body)).toEqual(Object.keys(body).filter((name) => name !== key));
    expect(draft.refused).toEqual(behind);
    expect(afterwards(draft)).toEqual([]);
    for (const path of behind) {
      expect(draft.applied().refused[path]).toEqual({
        order: event.order,
        code: 'SHOWPAD_REJECTED',
        message: 'No.',
      });
    }
    expect(draft.refuse(key, 'SHOWPAD_REJECTED', 'No.')).toBe(false);
  });

  it.each(['languages', 'isArchived', 'constructor', ''])(
    'is none of the draft’s wishes when it is %j',
    async (key) => {
      const draft = await draftOf();
      expect(draft.refuse(key, 'SHOWPAD_REJECTED', 'No.')).toBe(false);
      expect(draft.body).toEqual(body);
      expect(draft.refused).toEqual([]);
    },
  );

  it('stays refused only for as long as nothing newer is wished', async () => {
    const draft = await draftOf();
    draft.refuse('name', 'SHOWPAD_REJECTED', 'No.');
    const newer = laid('newer', 9, 'asset.metadata', { metadata: { name: 'Newer' } });
    const asset = assetOf([event, archive, newer], { ...known, ...draft.applied() });
    expect(pendingPaths(asset)).toEqual(['fields.name']);
  });

  it('may be a name that came from a file, and is then not asked again either', async () => {
    const first = laid('first', 1, 'asset.upsert', { file: { ...file, name: 'first.pdf' } });
    const second = laid('second', 2, 'asset.upsert', { file });
    const asset = assetOf([second, first], { ...known, fields: { name: 'a.pdf' } });
    expect(pendingPaths(asset)).toEqual(['fields.name']);
    const draft = new AssetDraft(asset);
    draft.put({ name: wishValue(asset, 'fields.name') });
    await draft.fulfil('fields.name');
    expect(draft.body).toEqual({ name: 'first.pdf' });
    expect(afterwards(draft)).toEqual([]);
    draft.refuse('name', 'SHOWPAD_REJECTED', 'No.');
    expect(afterwards(draft)).toEqual([]);
  });
});

describe('a draft that is cut down', () => {
  it('keeps its first parts, and what stood behind the others stays pending', async () => {
    const draft = await draftOf();
    expect(draft.keepOnly(3)).toBe(true);
    expect(Object.keys(draft.body)).toEqual(['name', 'description', 'tags']);
    expect(draft.refused).toEqual([]);
    expect(afterwards(draft)).toEqual([
      'fields.permissions.isShareable',
      'fields.permissions.isEditable',
      'lifecycle',
    ]);
    expect(draft.applied().lifecycle).toBe('live');
    expect(draft.keepOnly(3)).toBe(false);
  });

  it('to nothing keeps the wishes that need no part of it', async () => {
    const inDivision = laid('division', 5, 'asset.metadata', { metadata: { division: 'd1', name: 'New' } });
    const draft = new AssetDraft(assetOf([inDivision], known));
    draft.put({ name: 'New' });
    for (const { path } of inDivision.wishes) await draft.fulfil(path);
    expect(draft.keepOnly(0)).toBe(true);
    expect(draft.body).toEqual({});
    expect(afterwards(draft)).toEqual(['fields.name']);
  });
});

it('the name of a wish is what stands behind its kind', () => {
  expect(['fields.name', 'fields.permissions.isEditable', 'tags.name:a.b'].map(wishName)).toEqual([
    'name',
    'permissions.isEditable',
    'name:a.b',
  ]);
});
