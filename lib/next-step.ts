import { nothingApplied, type AppliedState, type Asset, type StagedFile } from './asset-state.ts';
import { desiredName, impliedNameOrder, standing, type DesiredState } from './desired-state.ts';
import type { EventOrder } from './event-order.ts';
import type { Job } from './jobs.ts';
import { jobError, type JobError } from './reasons.ts';

/** What a job waits for. The first four are done by a function of their own, with a queue of its own. */
export type Step =
  | { readonly kind: 'stage' | 'upload' | 'metadata' | 'poll' }
  | { readonly kind: 'done' | 'superseded' }
  /** The event has not been accepted yet: its sender will send it again. */
  | { readonly kind: 'unlaid' }
  | { readonly kind: 'failed'; readonly error: JobError };

/** What is read of a job to know what comes next for it. */
export type AskingJob = Pick<Job, 'wishes' | 'order' | 'hasErased'>;

/** Compares what a job asked for with what Showpad is known to hold, and says what closes the difference. */
export function nextStep(job: AskingJob, asset: Asset): Step {
  const { desired, applied } = asset;
  if (job.wishes.length === 0) return { kind: 'done' };
  const standings = job.wishes.map((path) => standing(desired, path, job.order));
  if (standings.includes('absent')) return { kind: 'unlaid' };
  const wishes = job.wishes.filter((_path, index) => standings[index] === 'current');
  const isErasing = job.order === desired.erasedBefore;
  if (isErasePending(asset) && (isErasing || wishes.length > 0)) return { kind: 'metadata' };
  if (wishes.length === 0) {
    // Although all it asked for is overtaken, it may have brought the name that comes first.
    if (applied.assetId !== undefined && isRenamedByOlderEvent(desired, applied)) return { kind: 'metadata' };
    if (job.hasErased === true) return afterErasing(asset);
    return isErasing && asset.hasUnawareWriter === true ? { kind: 'metadata' } : { kind: 'superseded' };
  }
  const content = wishes.includes('content') || job.hasErased === true ? contentStep(asset) : null;
  if (content !== null && content !== 'poll') return { kind: content };
  // What others have asked for is done along the way, but an asset that is not there is waited for only by those
  // who asked.
  const pending = pendingPaths(asset).filter(
    (path) => applied.assetId !== undefined || wishes.includes(path),
  );
  if (pending.length > 0) return { kind: 'metadata' };
  if (content === 'poll') return { kind: 'poll' };
  // That all is as it should be is known once nobody is about to write something else: whoever holds the lease knows.
  if (asset.hasUnawareWriter === true) return { kind: 'metadata' };
  const refused = wishes.flatMap((path) => {
    const refusal = applied.refused[path];
    return refusal?.order === job.order ? [refusal] : [];
  });
  const [first] = refused;
  if (first === undefined) return { kind: 'done' };
  return { kind: 'failed', error: jobError(first.code, refused.map(({ message }) => message).join(' ')) };
}

/**
 * Whether Showpad holds, or may come to hold, an asset from before the newest permanent delete: that delete came late,
 * and the asset has to go, as it would have gone had everything come in its order.
 */
export function isErasePending({ desired, applied, intent }: Asset): boolean {
  const { erasedBefore } = desired;
  const { oldest } = applied.assetId === undefined ? (intent?.applied ?? nothingApplied) : applied;
  // What was there before us is not destroyed on the word of an event that newer ones have overtaken.
  return erasedBefore !== undefined && oldest !== undefined && oldest <= erasedBefore;
}

/** Who carries out a delete that came late carries on what newer events, whose jobs may have ended, have asked for. */
function afterErasing(asset: Asset): Step {
  const content = contentStep(asset);
  if (content !== null) return { kind: content };
  const isMade = asset.applied.assetId !== undefined;
  return isMade && pendingPaths(asset).length > 0 ? { kind: 'metadata' } : { kind: 'superseded' };
}

/** What is missing until Showpad has the content that is wanted; null when nothing is. */
export function contentStep(asset: Asset): 'stage' | 'upload' | 'poll' | null {
  const { desired, applied, staged } = asset;
  const content = desired.content;
  if (content === undefined || desired.lifecycle?.value === 'deleted') return null;
  if ('url' in content.value) {
    return applied.assetId !== undefined && applied.url === content.value.url ? null : 'upload';
  }
  const served = applied.assetId !== undefined && applied.file?.order === content.order;
  if (served && applied.file.state === 'usable') return null;
  if (served && applied.file.state === 'sent') return 'poll';
  if (staged?.order !== content.order) return 'stage';
  return stepForBytes(asset, staged);
}

/** Compares staged bytes with those Showpad has: the same MD5 and size are never sent again. */
function stepForBytes({ applied }: Asset, staged: StagedFile): 'upload' | 'poll' | null {
  if (applied.assetId === undefined) return 'upload';
  const { file, usableFile } = applied;
  if (file !== undefined && isSame(file, staged)) {
    if (file.state === 'usable') return null;
    if (file.state === 'sent') return 'poll';
  }
  const newestFailed = file === undefined || file.state === 'failed';
  return newestFailed && usableFile !== undefined && isSame(usableFile, staged) ? null : 'upload';
}

function isSame(file: { md5: string; size: number }, staged: StagedFile): boolean {
  return file.md5 === staged.md5 && file.size === staged.size;
}

/**
 * Every metadata, tag and lifecycle wish that has still to be told to Showpad, whoever asked for it, by path.
 * What was refused for the same wish is not asked again.
 */
export function pendingPaths(asset: Asset): string[] {
  const { desired, applied } = asset;
  if (isErasePending(asset)) return ['lifecycle'];
  const isRefused = (path: string, wish: { order: EventOrder }) =>
    applied.refused[path]?.order === wish.order;
  const fields = Object.entries(desired.fields).flatMap(([name, wish]) => {
    const path = `fields.${name}`;
    const wanted = name === 'name' ? desiredName(desired) : wish.value;
    const isApplied = isSameValue(applied.fields[name], wanted) && !isUnsure(applied, path);
    return isRefused(path, wish) || isApplied ? [] : [path];
  });
  // A list replaces what was, or may have been, changed tag by tag before it.
  const unsureTags =
    applied.unsure?.flatMap((path) => (path.startsWith('tags.') ? [path.slice(5)] : [])) ?? [];
  const isTagListPending =
    desired.fields['tags'] !== undefined &&
    !isRefused('fields.tags', desired.fields['tags']) &&
    [...Object.keys(applied.tagChanges), ...unsureTags].some(
      (name) => desired.tagChanges[name] === undefined,
    );
  const tags = Object.entries(desired.tagChanges).flatMap(([name, wish]) => {
    const path = `tags.${name}`;
    const isApplied = applied.tagChanges[name] === wish.order && !isUnsure(applied, path);
    return isRefused(path, wish) || isApplied ? [] : [path];
  });
  return [
    ...fields,
    ...(isTagListPending && !fields.includes('fields.tags') ? ['fields.tags'] : []),
    ...(isRenamedByOlderEvent(desired, applied) ? ['fields.name'] : []),
    ...tags,
    ...(isLifecyclePending(asset) ? ['lifecycle'] : []),
    ...(desired.tag !== undefined && desired.tag.order !== applied.tag ? ['tag'] : []),
  ];
}

/** An asset that was named after its file is renamed when an older event, come late, brings an earlier name. */
function isRenamedByOlderEvent(desired: DesiredState, applied: AppliedState): boolean {
  if (desired.fields['name'] !== undefined || applied.fields['name'] === undefined) return false;
  if (applied.refused['fields.name']?.order === impliedNameOrder(desired)) return false;
  return applied.fields['name'] !== desiredName(desired) || isUnsure(applied, 'fields.name');
}

function isLifecyclePending({ desired, applied, intent }: Asset): boolean {
  const wanted = desired.lifecycle?.value;
  if (wanted === undefined) return false;
  if (isUnsure(applied, 'lifecycle')) return true;
  const isThere = applied.assetId !== undefined || intent !== undefined;
  if (wanted === 'deleted') return applied.lifecycle !== 'deleted' || isThere;
  if (applied.assetId !== undefined) return (applied.lifecycle ?? 'live') !== wanted;
  // To live is what creating it brings about; a restore without content has to wait for somebody's upsert.
  return wanted === 'archived' || desired.content === undefined;
}

function isUnsure({ unsure }: AppliedState, path: string): boolean {
  return unsure?.includes(path) === true;
}

function isSameValue(left: unknown, right: unknown): boolean {
  return JSON.stringify(sortKeys(left)) === JSON.stringify(sortKeys(right));
}

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([left], [right]) => (left < right ? -1 : 1))
      .map(([key, part]) => [key, sortKeys(part)]),
  );
}
