import { describe, expect, it } from 'vitest';
import { nothingApplied, type Asset } from '../../lib/asset-state.ts';
import type { EventOrder } from '../../lib/event-order.ts';
import { nextStep } from '../../lib/next-step.ts';
import { laid, type Laid } from './arbitrary-events.ts';
import { assetOf, file, jobOf, known, order, refusal, sent } from './asset-situation.ts';

const upsert = laid('upsert', 5, 'asset.upsert', { file });
const newest = laid('newest', 9, 'asset.upsert', { file });
const archive = laid('archive', 6, 'asset.archive');
const restore = laid('restore', 7, 'asset.restore');
const deletion = laid('delete', 6, 'asset.delete', {}, 'delete');
const rename = laid('rename', 6, 'asset.metadata', { metadata: { name: 'New' } });
const renameAgain = laid('again', 9, 'asset.metadata', { metadata: { name: 'Newer' } });
const addRed = laid('red', 6, 'asset.metadata', { tags: { add: ['red'] } });
const onlyBlue = laid('blue', 7, 'asset.metadata', { metadata: { tags: ['blue'] } });

type Case = [kind: string, when: string, job: Laid, asset: Asset];
const cases: Case[] = [
  [
    'metadata',
    'all is as it should be, but somebody who does not know of it is writing',
    rename,
    heldUnaware(assetOf([rename], { ...known, fields: { name: 'New' } })),
  ],
  [
    'metadata',
    'it was refused, and somebody who does not know of it is writing',
    rename,
    heldUnaware(assetOf([rename], { ...known, refused: { 'fields.name': refusal(rename) } })),
  ],
  [
    'superseded',
    'newer events, who have jobs of their own, have overtaken it while somebody is writing',
    rename,
    heldUnaware(assetOf([rename, renameAgain], known)),
  ],
  [
    'metadata',
    'it deletes what was before newer content, which somebody may be adding to',
    deletion,
    heldUnaware(assetOf([deletion, newest], { ...known, oldest: order(newest) })),
  ],
  [
    'superseded',
    'it deletes what was before newer content, and there is nothing',
    deletion,
    assetOf([deletion, newest], { ...known, oldest: order(newest) }),
  ],
  [
    'metadata',
    'the asset holds something from before a delete that came late',
    newest,
    assetOf([upsert, deletion, newest], { ...known, oldest: order(upsert) }),
  ],
  [
    'metadata',
    'something from before a delete that came late may still be made',
    newest,
    intended(assetOf([upsert, deletion, newest]), order(upsert)),
  ],
  [
    'stage',
    'what may still be made is from after the delete',
    newest,
    intended(assetOf([deletion, newest]), order(newest)),
  ],
  [
    'metadata',
    'the asset is deleted, and another may still be made',
    deletion,
    intended(assetOf([deletion], { lifecycle: 'deleted' }), order(upsert)),
  ],
  [
    'metadata',
    'nobody knows whether the value, which was right, has been replaced',
    rename,
    assetOf([rename], { ...known, fields: { name: 'New' }, unsure: ['fields.name'] }),
  ],
  [
    'metadata',
    'nobody knows whether the name that its file gives has been replaced',
    upsert,
    assetOf([upsert], {
      ...known,
      file: sent(upsert, 'usable'),
      fields: { name: 'a.pdf' },
      unsure: ['fields.name'],
    }),
  ],
  [
    'metadata',
    'nobody knows whether the tag is still there',
    addRed,
    assetOf([addRed], { ...known, tagChanges: { 'name:red': order(addRed) }, unsure: ['tags.name:red'] }),
  ],
  [
    'metadata',
    'nobody knows whether a tag is there beside those of the list',
    onlyBlue,
    assetOf([addRed, onlyBlue], { ...known, fields: { tags: ['blue'] }, unsure: ['tags.name:red'] }),
  ],
  [
    'metadata',
    'nobody knows whether the asset has been archived',
    restore,
    assetOf([archive, restore], { ...known, lifecycle: 'live', unsure: ['lifecycle'] }),
  ],
];

function heldUnaware(asset: Asset): Asset {
  return { ...asset, hasUnawareWriter: true };
}

function intended(asset: Asset, oldest: EventOrder): Asset {
  const applied = { ...nothingApplied, oldest };
  return { ...asset, intent: { at: '2026-01-01T00:00:00.000Z', applied, isFindable: true } };
}

describe('the next step of a job whose asset somebody else is writing, or was when an answer was lost', () => {
  it.each(cases)('is “%s” when %s', (kind, _when, event, asset) => {
    expect(nextStep(jobOf(event), asset).kind).toBe(kind);
  });

  it.each([
    ['stage', 'has asked for metadata only', renameAgain, assetOf([newest, renameAgain])],
    ['stage', 'has deleted what was older', deletion, assetOf([deletion, newest])],
    [
      'poll',
      'has sent it',
      deletion,
      assetOf([deletion, newest], { ...known, file: sent(newest, 'sent'), oldest: order(newest) }),
    ],
    [
      'superseded',
      'finds all of it there',
      deletion,
      assetOf([deletion, newest], { ...known, file: sent(newest, 'usable'), oldest: order(newest) }),
    ],
  ])(
    'is “%s” for one that took the asset away and so brings it back, and %s',
    (kind, _which, event, asset) => {
      expect(nextStep({ ...jobOf(event), hasErased: true }, asset).kind).toBe(kind);
    },
  );
});
