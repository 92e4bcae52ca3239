import { composeChanges, needsCurrent } from '../asset-changes.ts';
import { nothingApplied, type Asset } from '../asset-state.ts';
import { externalIdOf } from '../asset-key.ts';
import { adopted } from '../adopted-asset.ts';
import { desiredName } from '../desired-state.ts';
import { foreseeChange, isProven } from '../foreseen-change.ts';
import type { DivisionWish } from '../metadata.ts';
import { contentStep, pendingPaths } from '../next-step.ts';
import { jobError, JobFailure, type JobError } from '../reasons.ts';
import type { Asset as ShowpadAsset } from '../showpad/assets.ts';
import type { NameSource } from '../showpad-names.ts';
import type { Source } from '../sources/source.ts';
import type { RowEvent } from './row-event.ts';
import type { Change } from './row-result.ts';

export interface RowPlan {
  readonly change: Change;
  /** To Showpad, about this asset; each further look at a file that is being processed is one more. */
  readonly calls: number;
  /** Whether the bytes of a file go to its upload link. */
  readonly sendsFile: boolean;
  /**
   * Whether only the file itself, which the import has to fetch, will show if it is a new one. The plan then takes it
   * for unchanged; if it is not, it is a new version, with `uploadCalls` more.
   */
  readonly dependsOnFile: boolean;
  readonly problem: JobError | null;
}

/** What a new file takes: its record, and one look at it and one at its asset once it was processed. */
export const uploadCalls = 3;

interface Situation {
  readonly asset: Asset;
  readonly event: RowEvent;
  readonly source: Pick<Source, 'onDelete' | 'createTags' | 'division'>;
  /** The assets in Showpad with this external id, where the table knows of none. */
  readonly hits: readonly ShowpadAsset[];
  readonly names: NameSource;
}

/**
 * What an import would do with a row, found by the same code that does it: what it would tell Showpad, in how many
 * calls, and what would stand in its way.
 * @throws {ShowpadError} when a name could not be looked up
 */
export async function planRow(situation: Situation): Promise<RowPlan> {
  try {
    return await plan(situation);
  } catch (error) {
    if (!(error instanceof JobFailure)) throw error;
    return problem(jobError(error.code, error.message));
  }
}

async function plan(situation: Situation): Promise<RowPlan> {
  const { event, source, hits } = situation;
  const { asset, sameFile, step } = foreseeChange(situation.asset, event, source.onDelete);
  if (step.kind === 'done' || step.kind === 'superseded') return nothing;
  if (step.kind === 'failed') return problem(step.error);
  if (asset.applied.assetId !== undefined) {
    const isKept = sameFile !== null || contentStep(asset) === null;
    return change(situation, asset, isKept ? 'same' : fileOf(event, asset), 0);
  }
  const [hit, ...others] = hits;
  if (others.length > 0) {
    const ids = hits.map(({ id }) => id).join(', ');
    const what = `Assets ${ids} all carry the external id ${externalIdOf(asset.key)}.`;
    return problem(jobError('EXTERNAL_ID_AMBIGUOUS', what));
  }
  if (hit !== undefined) {
    const found = { ...asset, applied: adopted(hit, asset.intent) };
    return change(situation, found, fileOf(event, found), 1);
  }
  if (asset.desired.content === undefined) {
    return problem(jobError('ASSET_UNKNOWN', `No asset is known for ${asset.subject} of ${asset.source}.`));
  }
  return create(situation, asset);
}

/** What is known of the file that a row names, beside the one that Showpad holds. */
type File = 'same' | 'other' | 'unknown' | 'none';

function fileOf({ data }: RowEvent, { applied }: Asset): File {
  const file = 'file' in data ? data.file : undefined;
  if (file === undefined) return 'none';
  const held = applied.file ?? applied.usableFile;
  if (held === undefined || (applied.file !== undefined && applied.file.state !== 'usable')) return 'other';
  if (isProven(file, held)) return 'same';
  const isOther =
    file.md5 !== undefined ||
    (file.size !== undefined && file.size !== held.size) ||
    (file.sha256 !== undefined && applied.file?.sha256 !== undefined);
  return isOther ? 'other' : 'unknown';
}

async function change(
  { event, source, names }: Situation,
  asset: Asset,
  file: File,
  lookups: number,
): Promise<RowPlan> {
  const { applied } = asset;
  const { assetId = '' } = applied;
  const link = 'url' in event.data && event.data.url !== applied.url ? 1 : 0;
  const mustRead = needsCurrent(asset) || applied.divisionId === undefined;
  const isPending = pendingPaths(asset).length > 0;
  const draft = await composeChanges(names, asset, {
    divisionId: applied.divisionId ?? '',
    createTags: source.createTags,
    current: { id: assetId, name: desiredName(asset.desired) },
  });
  const update = Object.keys(draft.body).length > 0 ? 1 : 0;
  const reading = isPending && mustRead ? 1 : 0;
  const calls = lookups + link + reading + update + (file === 'other' ? uploadCalls : 0);
  const refused = refusedOf(asset, draft.applied().refused);
  if (refused !== null) return { ...problem(refused), calls };
  const kind = link + update > 0 ? 'metadata' : 'unchanged';
  return {
    change: file === 'other' ? 'new version' : kind,
    calls,
    sendsFile: file === 'other',
    dependsOnFile: file === 'unknown',
    problem: null,
  };
}

async function create({ event, source, names }: Situation, asset: Asset): Promise<RowPlan> {
  const wish = asset.desired.fields['division']?.value ?? source.division;
  const divisionId = await names.divisionId(wish as DivisionWish | undefined);
  const { createTags } = source;
  const bare = { ...asset, applied: nothingApplied };
  const draft = await composeChanges(names, bare, { divisionId, createTags });
  const written = draft.applied();
  const name = desiredName(asset.desired);
  const made = {
    ...asset,
    applied: {
      ...written,
      fields: { ...written.fields, name },
      lifecycle: written.lifecycle ?? 'live',
      assetId: 'planned',
      divisionId,
      ...('url' in event.data && event.data.url !== undefined && { url: event.data.url }),
    },
  } satisfies Asset;
  const sendsFile = 'file' in event.data && event.data.file !== undefined;
  // To look for it comes before making it.
  const calls = 2 + (sendsFile ? uploadCalls : 0);
  const rest = await change({ asset: made, event, source, names, hits: [] }, made, 'none', 0);
  const refused = refusedOf(asset, written.refused) ?? rest.problem;
  if (refused !== null) return { ...problem(refused), calls: calls + rest.calls };
  return { change: 'create', calls: calls + rest.calls, sendsFile, dependsOnFile: false, problem: null };
}

function refusedOf({ desired }: Asset, refused: Asset['applied']['refused']): JobError | null {
  const mine = Object.entries(refused).filter(([path, { order }]) => {
    const [kind, name] = [path.slice(0, path.indexOf('.')), path.slice(path.indexOf('.') + 1)];
    return (kind === 'fields' ? desired.fields : desired.tagChanges)[name]?.order === order;
  });
  const [first] = mine;
  if (first === undefined) return null;
  return jobError(first[1].code, mine.map(([, { message }]) => message).join(' '));
}

const nothing: RowPlan = {
  change: 'unchanged',
  calls: 0,
  sendsFile: false,
  dependsOnFile: false,
  problem: null,
};

function problem(error: JobError): RowPlan {
  return { ...nothing, change: 'problem', problem: error };
}
