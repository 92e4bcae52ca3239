import { nothingApplied, type AppliedFile, type Asset } from './asset-state.ts';
import { emptyDesiredState, mergeWishes, wishesOf, type DesiredState, type Wish } from './desired-state.ts';
import type { ConnectorEvent, SourceFile } from './events.ts';
import { nextStep, pendingPaths, type Step } from './next-step.ts';

/** What would become of an event, by what is known before anything is fetched or asked. */
export interface ForeseenChange {
  readonly wishes: readonly Wish[];
  /** The asset with these wishes laid into it. */
  readonly asset: Asset;
  /** Showpad holds the very file, by its checksum: it need not be fetched. */
  readonly sameFile: AppliedFile | null;
  readonly step: Step;
  /** Whether something but a file has to be told to Showpad. */
  readonly changesMetadata: boolean;
}

/** An asset that nobody has asked for yet. */
export function unknownAsset(key: string, source: string, subject: string): Asset {
  return { key, source, subject, desired: emptyDesiredState, applied: nothingApplied };
}

/**
 * Lays an event into the state of its asset as it is, and says by the rules of the pipeline what comes next. An import
 * and its plan both go by it.
 */
export function foreseeChange(
  asset: Asset,
  event: ConnectorEvent,
  onDelete: 'archive' | 'delete',
): ForeseenChange {
  const wishes = wishesOf(event, onDelete);
  const merged = { ...asset, desired: mergeWishes(asset.desired, event.order, wishes) };
  const sameFile = sameFileOf(merged, event);
  const settled = sameFile === null ? merged : { ...merged, applied: { ...merged.applied, file: sameFile } };
  const step = nextStep({ wishes: wishes.map(({ path }) => path), order: event.order }, settled);
  const isLinkChanged = step.kind === 'upload';
  return {
    wishes,
    asset: settled,
    sameFile,
    step,
    changesMetadata: isLinkChanged || pendingPaths(settled).length > 0,
  };
}

/** What may be laid into the state at once where the file stays: its content, while metadata goes its own way. */
export function contentOnly(
  desired: DesiredState,
  event: ConnectorEvent,
  wishes: readonly Wish[],
): DesiredState {
  return mergeWishes(
    desired,
    event.order,
    wishes.filter(({ path }) => path === 'content'),
  );
}

/** The file at rest in Showpad as one that serves the event's content; null where the event does not prove it. */
function sameFileOf({ desired, applied }: Asset, event: ConnectorEvent): AppliedFile | null {
  if (event.type !== 'asset.upsert' || event.data.file === undefined) return null;
  if (applied.assetId === undefined || desired.content?.order !== event.order) return null;
  const { file, usableFile } = applied;
  if (file !== undefined) {
    return file.state === 'usable' && isProven(event.data.file, file)
      ? { ...file, order: event.order }
      : null;
  }
  if (usableFile === undefined || !isProven(event.data.file, usableFile)) return null;
  return { ...usableFile, order: event.order, state: 'usable', since: event.time };
}

/** Only a checksum proves that two files are the same; a size can only prove that they are not. */
export function isProven(
  wanted: Pick<SourceFile, 'md5' | 'sha256' | 'size'>,
  held: Pick<AppliedFile, 'md5' | 'sha256' | 'size'>,
): boolean {
  const { md5, sha256, size } = wanted;
  if (size !== undefined && size !== held.size) return false;
  if (md5 !== undefined && md5 !== held.md5) return false;
  if (sha256 !== undefined && held.sha256 !== undefined && sha256 !== held.sha256) return false;
  return md5 !== undefined || (sha256 !== undefined && sha256 === held.sha256);
}
