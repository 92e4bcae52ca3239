import { isDeepStrictEqual } from 'node:util';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AppliedState, Asset } from '../../lib/asset-state.ts';
import { desiredName, standing } from '../../lib/desired-state.ts';
import type { EventOrder } from '../../lib/event-order.ts';
import { nextStep } from '../../lib/next-step.ts';
import { arbitraryEvents } from './arbitrary-events.ts';
import {
  assetOf,
  bytes,
  earlier,
  jobOf,
  otherBytes,
  refusal,
  sent,
  staged,
  usable,
} from './asset-situation.ts';

const someFile = fc.record({
  order: fc.nat({ max: 9 }),
  state: fc.constantFrom('sending', 'sent', 'usable', 'failed'),
  content: fc.constantFrom(bytes, otherBytes),
});
const whatIsThere = fc.record({
  isKnown: fc.boolean(),
  isTagApplied: fc.boolean(),
  hasUnawareWriter: fc.boolean(),
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
  const orderOf = (index: number): EventOrder => (events[index % events.length] ?? earlier).order;
  const asset = assetOf(events);
  const fields: Record<string, unknown> = {};
  const tagChanges: Record<string, EventOrder> = {};
  const refused: Record<string, AppliedState['refused'][string]> = {};
  const fates = there.fates.values();
  const meet = (path: string, wish: { order: EventOrder }, holds: (other: boolean) => void): void => {
    const fate = fates.next().value;
    if (fate === 'held' || fate === 'other') holds(fate === 'other');
    if (fate === 'refused') refused[path] = refusal(wish);
    if (fate === 'refused before') refused[path] = refusal(earlier);
  };
  for (const [name, wish] of Object.entries(asset.desired.fields)) {
    const value = name === 'name' ? desiredName(asset.desired) : wish.value;
    meet(`fields.${name}`, wish, (other) => (fields[name] = other ? 'other' : value));
  }
  for (const [name, wish] of Object.entries(asset.desired.tagChanges)) {
    meet(`tags.${name}`, wish, (other) => (tagChanges[name] = other ? earlier.order : wish.order));
  }
  const {
    isKnown,
    isTagApplied,
    lifecycle,
    url: appliedUrl,
    file: appliedFile,
    usableFile,
    staged: stagedFile,
  } = there;
  const whole: Partial<AppliedState> = {
    fields,
    tagChanges,
    refused,
    ...(asset.desired.tag !== undefined && isTagApplied && { tag: asset.desired.tag.order }),
    ...(isKnown && { assetId: 'asset-1' }),
    ...(lifecycle !== undefined && isKnown && { lifecycle }),
    ...(!isKnown && lifecycle === 'archived' && { lifecycle: 'deleted' }),
    ...(appliedUrl !== undefined && { url: appliedUrl }),
    ...(appliedFile !== undefined && {
      file: { ...sent(earlier, appliedFile.state, appliedFile.content), order: orderOf(appliedFile.order) },
    }),
    ...(usableFile !== undefined && { usableFile: usable(usableFile) }),
  };
  const stagedAs = stagedFile && { ...staged(earlier, stagedFile.content), order: orderOf(stagedFile.order) };
  const { hasUnawareWriter } = there;
  return {
    events,
    asset: { ...assetOf(events, whole, stagedAs), ...(hasUnawareWriter && { hasUnawareWriter }) },
  };
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
  if (path === 'tag') return applied.tag === desired.tag?.order;
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
          const current = job.wishes.filter((path) => standing(asset.desired, path, job.order) === 'current');
          const step = nextStep(job, asset);
          if (step.kind === 'done') {
            done += 1;
            if (current.length > 0) expect(asset.hasUnawareWriter).toBeUndefined();
            for (const path of current) expect([path, isHeld(asset, path)]).toEqual([path, true]);
          }
          const mayErase = job.order === asset.desired.erasedBefore && asset.hasUnawareWriter === true;
          if (step.kind === 'superseded') expect(current).toEqual([]);
          else expect(current.length > 0 || job.wishes.length === 0 || mayErase).toBe(true);
          if (step.kind === 'failed') {
            expect(current.some((path) => asset.applied.refused[path]?.order === job.order)).toBe(true);
          }
        }
      }),
      { numRuns: 3000 },
    );
    expect(done).toBeGreaterThan(100);
  });

  it('is nobody’s to work on while its event, or a part of it, is not laid into the desired state', () => {
    let unlaid = 0;
    fc.assert(
      fc.property(arbitraryEvents, fc.nat(), (events, nth) => {
        const event = events[nth % events.length];
        if (event === undefined || event.wishes.length === 0) return;
        const job = jobOf(event);
        const asset = assetOf(events.filter((other) => other !== event));
        const standings = job.wishes.map((path) => standing(asset.desired, path, job.order));
        const { kind } = nextStep(job, asset);
        if (kind === 'unlaid') unlaid += 1;
        expect(kind).toBe(standings.includes('absent') ? 'unlaid' : 'superseded');
      }),
      { numRuns: 1000 },
    );
    expect(unlaid).toBeGreaterThan(100);
  });
});
