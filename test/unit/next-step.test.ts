import { describe, expect, it } from 'vitest';
import type { Asset } from '../../lib/asset-state.ts';
import { nextStep } from '../../lib/next-step.ts';
import { laid, type Laid } from './arbitrary-events.ts';
import {
  assetOf,
  bytes,
  earlier,
  file,
  jobOf,
  known,
  order,
  otherBytes,
  refusal,
  sent,
  staged,
  usable,
} from './asset-situation.ts';

const url = 'https://example.com/page';
const upsert = laid('upsert', 5, 'asset.upsert', { file });
const newest = laid('newest', 9, 'asset.upsert', { file });
const link = laid('link', 5, 'asset.upsert', { url });
const archive = laid('archive', 6, 'asset.archive');
const restore = laid('restore', 7, 'asset.restore');
const deletion = laid('delete', 6, 'asset.delete', {}, 'delete');
const rename = laid('rename', 6, 'asset.metadata', { metadata: { name: 'New' } });
const renameAgain = laid('again', 9, 'asset.metadata', { metadata: { name: 'Newer' } });
const describeIt = laid('describe', 6, 'asset.metadata', { metadata: { description: 'text' } });
const addRed = laid('red', 6, 'asset.metadata', { tags: { add: ['red'] } });
const removeRed = laid('no-red', 7, 'asset.metadata', { tags: { remove: ['red'] } });
const onlyBlue = laid('blue', 7, 'asset.metadata', { metadata: { tags: ['blue'] } });

const lock = laid('pages', 6, 'asset.metadata', { metadata: { lockedPages: [{ start: 1, end: 2 }] } });
const clear = laid('clear', 6, 'asset.metadata', { metadata: { description: null } });
const fileAndName = laid('upsert', 5, 'asset.upsert', { file, metadata: { name: 'New' } });
type Case = [kind: string, when: string, job: Laid, asset: Asset];
const cases: Case[] = [
  ['stage', 'nothing has happened yet', upsert, assetOf([upsert])],
  ['stage', 'the asset is there and its file is not staged', upsert, assetOf([upsert], known)],
  ['stage', 'what is staged is older content', upsert, assetOf([earlier, upsert], known, staged(earlier))],
  [
    'stage',
    'an earlier file is usable and the new one is not staged, so nobody knows it yet',
    upsert,
    assetOf([earlier, upsert], { ...known, file: sent(earlier, 'usable') }),
  ],
  [
    'stage',
    'the asset of a file that was sent is gone',
    upsert,
    assetOf([upsert], { file: sent(upsert, 'sent') }),
  ],
  [
    'stage',
    'the staged bytes of a file that was being sent are gone',
    upsert,
    assetOf([upsert], { ...known, file: sent(upsert, 'sending') }),
  ],
  ['upload', 'the file is staged and there is no asset', upsert, assetOf([upsert], {}, staged(upsert))],
  ['upload', 'the file is staged and the asset has none', upsert, assetOf([upsert], known, staged(upsert))],
  [
    'upload',
    'other bytes are usable',
    upsert,
    assetOf([upsert], { ...known, file: sent(earlier, 'usable', otherBytes) }, staged(upsert)),
  ],
  [
    'upload',
    'the bytes differ only in their size',
    upsert,
    assetOf([upsert], { ...known, file: sent(earlier, 'usable', { ...bytes, size: 11 }) }, staged(upsert)),
  ],
  [
    'upload',
    'the sending of the same bytes was cut off',
    upsert,
    assetOf([upsert], { ...known, file: sent(upsert, 'sending') }, staged(upsert)),
  ],
  [
    'upload',
    'the same bytes have failed before',
    upsert,
    assetOf([upsert], { ...known, file: sent(earlier, 'failed') }, staged(upsert)),
  ],
  [
    'upload',
    'the bytes are those of the file before, and newer ones are being processed',
    upsert,
    assetOf(
      [upsert],
      { ...known, file: sent(earlier, 'sent', otherBytes), usableFile: usable() },
      staged(upsert),
    ),
  ],
  [
    'upload',
    'the bytes are those of the file before the one that is usable now',
    upsert,
    assetOf(
      [upsert],
      { ...known, file: sent(earlier, 'usable', otherBytes), usableFile: usable() },
      staged(upsert),
    ),
  ],
  ['poll', 'the file was sent', upsert, assetOf([upsert], { ...known, file: sent(upsert, 'sent') })],
  [
    'poll',
    'the same bytes were sent for an earlier event',
    upsert,
    assetOf([upsert], { ...known, file: sent(earlier, 'sent') }, staged(upsert)),
  ],
  ['done', 'the file is usable', upsert, assetOf([upsert], { ...known, file: sent(upsert, 'usable') })],
  [
    'done',
    'the same bytes are usable already',
    upsert,
    assetOf([upsert], { ...known, file: sent(earlier, 'usable') }, staged(upsert)),
  ],
  [
    'done',
    'newer bytes failed, and the file before has the same bytes',
    upsert,
    assetOf(
      [upsert],
      { ...known, file: sent(earlier, 'failed', otherBytes), usableFile: usable() },
      staged(upsert),
    ),
  ],
  [
    'done',
    'no file record is left, and the usable file has the same bytes',
    upsert,
    assetOf([upsert], { ...known, usableFile: usable() }, staged(upsert)),
  ],
  ['upload', 'a URL asset is not made yet', link, assetOf([link])],
  [
    'upload',
    'a URL asset has another URL',
    link,
    assetOf([link], { ...known, url: 'https://old.example.com' }),
  ],
  ['upload', 'the URL was written to an asset that is gone', link, assetOf([link], { url })],
  ['done', 'a URL asset has its URL', link, assetOf([link], { ...known, url })],

  [
    'stage',
    'the file and the metadata are missing: the file comes first',
    upsert,
    assetOf([upsert, rename], known),
  ],
  [
    'metadata',
    'the file was sent and metadata is missing: it need not wait for the processing',
    upsert,
    assetOf([upsert, rename], { ...known, file: sent(upsert, 'sent') }),
  ],
  [
    'metadata',
    'the asset was named after a file, and an older event has brought an earlier name',
    upsert,
    assetOf([laid('first', 1, 'asset.upsert', { file: { ...file, name: 'first.pdf' } }), upsert], {
      ...known,
      file: sent(upsert, 'usable'),
      fields: { name: 'a.pdf' },
    }),
  ],
  ['metadata', 'a field differs', rename, assetOf([rename], { ...known, fields: { name: 'Old' } })],
  ['metadata', 'a field is not known', rename, assetOf([rename], known)],
  ['metadata', 'the asset is not known either', rename, assetOf([rename])],
  ['metadata', 'a field is to be cleared and nobody knows what is there', clear, assetOf([clear], known)],
  ['metadata', 'a tag is not added', addRed, assetOf([addRed], known)],
  [
    'metadata',
    'a tag was added for an older event, then removed by a newer one',
    removeRed,
    assetOf([addRed, removeRed], { ...known, tagChanges: { 'name:red': order(addRed) } }),
  ],
  [
    'metadata',
    'a refusal was for an older event',
    rename,
    assetOf([rename], { ...known, refused: { 'fields.name': refusal(earlier) } }),
  ],
  ['metadata', 'the asset is not archived', archive, assetOf([upsert, archive], known)],
  ['metadata', 'the asset to be archived is not known', archive, assetOf([archive])],
  [
    'metadata',
    'the asset is archived and is to come back',
    restore,
    assetOf([archive, restore], { ...known, lifecycle: 'archived' }),
  ],
  ['metadata', 'an asset that nobody has brought is to come back', restore, assetOf([restore])],
  ['metadata', 'the asset is not deleted', deletion, assetOf([upsert, deletion], known)],
  ['metadata', 'the asset to be deleted is not known', deletion, assetOf([deletion])],
  [
    'metadata',
    'an asset is deleted and a newer event wants it to have a name',
    removeRed,
    assetOf([deletion, removeRed], { lifecycle: 'deleted' }),
  ],

  ['done', 'a field is as it should be', rename, assetOf([rename], { ...known, fields: { name: 'New' } })],
  [
    'done',
    'the parts of a value only stand in another order',
    lock,
    assetOf([lock], {
      ...known,
      fields: { lockedPages: [{ end: 2, start: 1 }] },
    }),
  ],
  [
    'done',
    'a tag was added',
    addRed,
    assetOf([addRed], { ...known, tagChanges: { 'name:red': order(addRed) } }),
  ],
  ['done', 'the asset is archived', archive, assetOf([archive], { ...known, lifecycle: 'archived' })],
  ['done', 'the asset was never archived', restore, assetOf([restore], { assetId: 'asset-1' })],
  ['done', 'to live is what the upsert on its way brings about', restore, assetOf([upsert, restore])],
  ['done', 'the asset is deleted', deletion, assetOf([deletion], { lifecycle: 'deleted' })],
  [
    'done',
    'the asset is deleted, and a newer event wants something of it that has to wait for another asset',
    deletion,
    assetOf([deletion, removeRed], { lifecycle: 'deleted' }),
  ],

  ['superseded', 'newer content and a newer life have come', upsert, assetOf([upsert, newest])],
  ['superseded', 'the asset was deleted later', upsert, assetOf([upsert, deletion])],
  ['superseded', 'the asset was renamed later', rename, assetOf([rename, renameAgain])],
  ['superseded', 'the tag was removed later', addRed, assetOf([addRed, removeRed])],
  ['superseded', 'all tags were replaced later', addRed, assetOf([addRed, onlyBlue])],
  [
    'stage',
    'the asset was archived later, but the content is still what is wanted',
    upsert,
    assetOf([upsert, archive], known),
  ],
  [
    'failed',
    'what it asked for was refused',
    rename,
    assetOf([rename], { ...known, refused: { 'fields.name': refusal(rename) } }),
  ],
  [
    'poll',
    'a field was refused and the file is being processed',
    fileAndName,
    assetOf([fileAndName], {
      ...known,
      file: sent(upsert, 'sent'),
      refused: { 'fields.name': refusal(upsert) },
    }),
  ],
  [
    'done',
    'what another event asked for was refused',
    describeIt,
    assetOf([rename, describeIt], {
      ...known,
      fields: { description: 'text' },
      refused: { 'fields.name': refusal(rename) },
    }),
  ],
];

describe('the next step of a job', () => {
  it.each(cases)('is “%s” when %s', (kind, _when, event, asset) => {
    expect(nextStep(jobOf(event), asset).kind).toBe(kind);
  });

  it('is its end when it asked for nothing', () => {
    expect(nextStep(jobOf({ order: upsert.order, wishes: [] }), assetOf([upsert])).kind).toBe('done');
  });

  it('is a failure that tells every refusal, with the code of the first and what to do', () => {
    const both = laid('both', 5, 'asset.metadata', { metadata: { name: 'n', description: 'd' } });
    const step = nextStep(
      jobOf(both),
      assetOf([both], {
        ...known,
        refused: {
          'fields.description': { order: order(both), code: 'SHOWPAD_REJECTED', message: 'Second.' },
          'fields.name': { order: order(both), code: 'TAG_AMBIGUOUS', message: 'First.' },
        },
      }),
    );
    if (step.kind !== 'failed') throw new Error(`It is ${step.kind}.`);
    expect(step.error).toMatchObject({ code: 'TAG_AMBIGUOUS', retryable: false });
    expect(step.error.message).toMatch(/^First\. Second\. \S/);
  });
});
