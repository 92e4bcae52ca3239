import { isDeepStrictEqual } from 'node:util';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  nothingApplied,
  type AppliedFile,
  type AppliedState,
  type Asset,
  type StagedFile,
} from '../../lib/asset-state.ts';
import { desiredName, emptyDesiredState, isOvertaken, mergeWishes } from '../../lib/desired-state.ts';
import type { EventOrder } from '../../lib/event-order.ts';
import type { Job } from '../../lib/jobs.ts';
import { nextStep } from '../../lib/next-step.ts';
import { arbitraryEvents, laid, type Laid } from './arbitrary-events.ts';

function assetOf(events: readonly Laid[], applied: Partial<AppliedState> = {}, staged?: StagedFile): Asset {
  return {
    key: 'demo:s',
    source: 'demo',
    subject: 's',
    desired: events.reduce(
      (state, { order, wishes }) => mergeWishes(state, order, wishes),
      emptyDesiredState,
    ),
    applied: { ...nothingApplied, ...applied },
    ...(staged !== undefined && { staged }),
  };
}

function jobOf({ order, wishes }: Laid): Job {
  return {
    id: 'job_1',
    eventId: 'event-1',
    source: 'demo',
    subject: 's',
    key: 'demo:s',
    type: 'asset.upsert',
    state: 'received',
    order,
    wishes: wishes.map(({ path }) => path),
    generation: 1,
    defaults: {},
    attempts: 0,
    error: null,
    showpad: {},
    createdAt: '2026-01-01T00:00:00.000Z',
    updatedAt: '2026-01-01T00:00:00.000Z',
  };
}

const file = { url: 'https://cdn.example.com/a.pdf', name: 'a.pdf' };
const url = 'https://example.com/page';
const upsert = laid('upsert', 5, 'asset.upsert', { file });
const link = laid('link', 5, 'asset.upsert', { url });
const archive = laid('archive', 6, 'asset.archive');
const restore = laid('restore', 7, 'asset.restore');
const deletion = laid('delete', 6, 'asset.delete', {}, 'delete');
const rename = laid('rename', 6, 'asset.metadata', { metadata: { name: 'New' } });
const describeIt = laid('describe', 6, 'asset.metadata', { metadata: { description: 'text' } });
const addRed = laid('red', 6, 'asset.metadata', { tags: { add: ['red'] } });
const removeRed = laid('no-red', 7, 'asset.metadata', { tags: { remove: ['red'] } });
const onlyBlue = laid('blue', 7, 'asset.metadata', { metadata: { tags: ['blue'] } });

const bytes = { md5: 'a'.repeat(32), size: 10 };
const otherBytes = { md5: 'b'.repeat(32), size: 10 };
const order = (event: Laid): EventOrder => event.order;
const staged = (event: Laid, content = bytes): StagedFile => ({
  ...content,
  order: order(event),
  objectKey: 'staged/1',
  sha256: 'c'.repeat(64),
});
const sent = (event: Laid, state: AppliedFile['state'], content = bytes): AppliedFile => ({
  ...content,
  order: order(event),
  fileId: 'file-1',
  state,
  since: '2026-01-01T00:00:00.000Z',
});
const usable = (content = bytes) => ({ ...content, fileId: 'file-0' });
const known = { assetId: 'asset-1', lifecycle: 'live' } as const;
const earlier = laid('earlier', 1, 'asset.upsert', { file });
const refusal = (event: Laid) =>
  ({ order: order(event), code: 'TAG_AMBIGUOUS', message: 'Two of them' }) as const;

type Case = [kind: string, when: string, job: Laid, asset: Asset];
const cases: Case[] = [
  ['stage', 'nothing has happened yet', upsert, assetOf([upsert])],
  ['stage', 'the asset is there and its file is not staged', upsert, assetOf([upsert], known)],
  ['stage', 'what is staged is older content', upsert, assetOf([earlier, upsert], known, staged(earlier))],
  [
    'stage',
    'an earlier file is usable and the new one is not staged, so nobody knows whether it differs',
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
  [
    'metadata',
    'a field is to be cleared and nobody knows what is there',
    laid('clear', 6, 'asset.metadata', { metadata: { description: null } }),
    assetOf([laid('clear', 6, 'asset.metadata', { metadata: { description: null } })], known),
  ],
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
    laid('pages', 6, 'asset.metadata', { metadata: { lockedPages: [{ start: 1, end: 2 }] } }),
    assetOf([laid('pages', 6, 'asset.metadata', { metadata: { lockedPages: [{ start: 1, end: 2 }] } })], {
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

  [
    'superseded',
    'newer content and a newer life have come',
    upsert,
    assetOf([upsert, laid('newer', 9, 'asset.upsert', { file })]),
  ],
  ['superseded', 'the asset was deleted later', upsert, assetOf([upsert, deletion])],
  [
    'superseded',
    'the asset was renamed later',
    rename,
    assetOf([rename, laid('again', 9, 'asset.metadata', { metadata: { name: 'Newer' } })]),
  ],
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
    laid('upsert', 5, 'asset.upsert', { file, metadata: { name: 'New' } }),
    assetOf([laid('upsert', 5, 'asset.upsert', { file, metadata: { name: 'New' } })], {
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
    const nothing = { order: upsert.order, wishes: [] };
    expect(nextStep(jobOf(nothing), assetOf([upsert])).kind).toBe('done');
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
    expect(step).toMatchObject({
      kind: 'failed',
      error: {
        code: 'TAG_AMBIGUOUS',
        retryable: false,
        message: expect.stringMatching(/^First\. Second\. \S/),
      },
    });
  });
});

const someFile = fc.record({
  order: fc.nat({ max: 9 }),
  state: fc.constantFrom('sending', 'sent', 'usable', 'failed'),
  content: fc.constantFrom(bytes, otherBytes),
});
const whatIsThere = fc.record({
  isKnown: fc.boolean(),
  lifecycle: fc.constantFrom('live', 'archived', undefined),
  url: fc.constantFrom('https://a.example.com', 'https://b.example.com', undefined),
  file: fc.option(someFile, { nil: undefined }),
  usableFile: fc.constantFrom(bytes, otherBytes, undefined),
  staged: fc.option(fc.record({ order: fc.nat({ max: 9 }), content: fc.constantFrom(bytes, otherBytes) }), {
    nil: undefined,
  }),
  /** Of each wish in turn: whether Showpad has it, has something else, or has refused it. */
  fates: fc.array(fc.constantFrom('held', 'held', 'held', 'other', 'refused', 'refused before'), {
    minLength: 24,
    maxLength: 24,
  }),
});

const situations = fc.tuple(arbitraryEvents, whatIsThere).map(([events, there]) => {
  const orderOf = (index: number): EventOrder => (events[index % events.length] ?? upsert).order;
  const asset = assetOf(events);
  const applied: { -readonly [Part in 'fields' | 'tagChanges' | 'refused']: Record<string, unknown> } = {
    fields: {},
    tagChanges: {},
    refused: {},
  };
  const wishes = [
    ...Object.entries(asset.desired.fields).map(([name, wish]) => ({ kind: 'fields', name, wish }) as const),
    ...Object.entries(asset.desired.tagChanges).map(
      ([name, wish]) => ({ kind: 'tags', name, wish }) as const,
    ),
  ];
  for (const [index, { kind, name, wish }] of wishes.entries()) {
    const fate = there.fates[index];
    const values = kind === 'fields' ? applied.fields : applied.tagChanges;
    const value = kind === 'tags' ? wish.order : name === 'name' ? desiredName(asset.desired) : wish.value;
    if (fate === 'held') values[name] = value;
    if (fate === 'other') values[name] = 'other';
    if (fate === 'refused') applied.refused[`${kind}.${name}`] = refusal({ order: wish.order, wishes: [] });
    if (fate === 'refused before') applied.refused[`${kind}.${name}`] = refusal(earlier);
  }
  const { isKnown, lifecycle, url: appliedUrl, file: appliedFile, usableFile, staged: stagedFile } = there;
  const whole = {
    ...applied,
    ...(isKnown && { assetId: 'asset-1' }),
    ...(lifecycle !== undefined && isKnown && { lifecycle }),
    ...(!isKnown && lifecycle === 'archived' && { lifecycle: 'deleted' as const }),
    ...(appliedUrl !== undefined && { url: appliedUrl }),
    ...(appliedFile !== undefined && {
      file: { ...sent(earlier, appliedFile.state, appliedFile.content), order: orderOf(appliedFile.order) },
    }),
    ...(usableFile !== undefined && { usableFile: usable(usableFile) }),
  } as Partial<AppliedState>;
  const stagedAs = stagedFile && { ...staged(earlier, stagedFile.content), order: orderOf(stagedFile.order) };
  return { events, asset: assetOf(events, whole, stagedAs) };
});

/** Whether Showpad is known to hold what is wanted at this path, told without the code under test. */
function isHeld({ desired, applied, staged: stagedFile }: Asset, path: string): boolean {
  const { assetId, file: appliedFile, usableFile } = applied;
  const isSame = (one: { md5: string; size: number } | undefined) =>
    one?.md5 === stagedFile?.md5 && one?.size === stagedFile?.size;
  if (path === 'content') {
    const content = desired.content;
    if (assetId === undefined || content === undefined) return false;
    if ('url' in content.value) return applied.url === content.value.url;
    if (appliedFile?.order === content.order && appliedFile.state === 'usable') return true;
    if (stagedFile?.order !== content.order) return false;
    if (isSame(appliedFile) && appliedFile?.state === 'usable') return true;
    return (appliedFile === undefined || appliedFile.state === 'failed') && isSame(usableFile);
  }
  if (path === 'lifecycle') {
    const wanted = desired.lifecycle?.value;
    if (wanted === 'deleted') return assetId === undefined && applied.lifecycle === 'deleted';
    if (assetId === undefined) return wanted === 'live' && desired.content !== undefined;
    return (applied.lifecycle ?? 'live') === wanted;
  }
  const name = path.slice(path.indexOf('.') + 1);
  if (path.startsWith('tags.')) return applied.tagChanges[name] === desired.tagChanges[name]?.order;
  const wanted = name === 'name' ? desiredName(desired) : desired.fields[name]?.value;
  return isDeepStrictEqual(applied.fields[name], wanted);
}

describe('a job in any situation', () => {
  it('is done only when Showpad holds everything that it asked for and that nothing newer has overtaken', () => {
    let done = 0;
    fc.assert(
      fc.property(situations, ({ events, asset }) => {
        for (const event of events) {
          const job = jobOf(event);
          const standing = job.wishes.filter((path) => !isOvertaken(asset.desired, path, job.order));
          const step = nextStep(job, asset);
          if (step.kind === 'done') {
            done += 1;
            for (const path of standing) expect([path, isHeld(asset, path)]).toEqual([path, true]);
          }
          if (step.kind === 'superseded') expect(standing).toEqual([]);
          else expect(standing.length > 0 || job.wishes.length === 0).toBe(true);
          if (step.kind === 'failed') {
            expect(standing.some((path) => asset.applied.refused[path]?.order === job.order)).toBe(true);
          }
        }
      }),
      { numRuns: 3000 },
    );
    expect(done).toBeGreaterThan(100);
  });
});
