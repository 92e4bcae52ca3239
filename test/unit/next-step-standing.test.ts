import { describe, expect, it } from 'vitest';
import type { Asset } from '../../lib/asset-state.ts';
import { nextStep } from '../../lib/next-step.ts';
import { laid, type Laid } from './arbitrary-events.ts';
import { assetOf, file, jobOf, known, order } from './asset-situation.ts';

const upsert = laid('upsert', 5, 'asset.upsert', { file });
const newest = laid('newest', 9, 'asset.upsert', { file });
const fileAndName = laid('upsert', 5, 'asset.upsert', { file, metadata: { name: 'New' } });
const deletion = laid('delete', 6, 'asset.delete', {}, 'delete');
const laterDeletion = laid('later', 8, 'asset.delete', {}, 'delete');
const rename = laid('rename', 6, 'asset.metadata', { metadata: { name: 'New' } });
const renameAgain = laid('again', 9, 'asset.metadata', { metadata: { name: 'Newer' } });
const addRed = laid('red', 6, 'asset.metadata', { tags: { add: ['red'] } });
const onlyBlue = laid('blue', 7, 'asset.metadata', { metadata: { tags: ['blue'] } });
const makeTag = laid('make', 6, 'tag.upsert', { name: 'red' });
const dropTag = laid('drop', 7, 'tag.delete', { name: 'red' });

type Case = [kind: string, when: string, job: Laid, asset: Asset];
const cases: Case[] = [
  ['unlaid', 'nothing of the event is in the desired state yet', rename, assetOf([upsert], known)],
  ['unlaid', 'the desired state is older than the event', newest, assetOf([upsert], known)],
  [
    'unlaid',
    'one wish of the event is overtaken and the others are not there',
    fileAndName,
    assetOf([renameAgain], known),
  ],
  ['superseded', 'the asset was deleted before the event could be laid', rename, assetOf([laterDeletion])],
  ['superseded', 'all tags were replaced before a change could be laid', addRed, assetOf([onlyBlue])],
  ['metadata', 'the tag is not made', makeTag, assetOf([makeTag])],
  [
    'metadata',
    'the tag was made, and a newer event drops it',
    dropTag,
    assetOf([makeTag, dropTag], { tag: order(makeTag) }),
  ],
  ['done', 'the tag is made', makeTag, assetOf([makeTag], { tag: order(makeTag) })],
  ['done', 'the tag is gone', dropTag, assetOf([makeTag, dropTag], { tag: order(dropTag) })],
  ['superseded', 'the tag was dropped later', makeTag, assetOf([makeTag, dropTag])],
  [
    'done',
    'a field is as it should be, and a tag of the same subject is not made, but no asset is known',
    deletion,
    assetOf([deletion, dropTag], { lifecycle: 'deleted' }),
  ],
];

describe('the next step of a job whose event is laid late, overtaken, or about a tag', () => {
  it.each(cases)('is “%s” when %s', (kind, _when, event, asset) => {
    expect(nextStep(jobOf(event), asset).kind).toBe(kind);
  });
});
