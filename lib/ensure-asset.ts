import { adopted } from './adopted-asset.ts';
import { externalIdOf } from './asset-key.ts';
import {
  nothingApplied,
  type AppliedState,
  type Asset,
  type CreateIntent,
  type Lease,
} from './asset-state.ts';
import { composeChanges } from './asset-changes.ts';
import type { AssetDraft } from './asset-draft.ts';
import { desiredName, oldestOrder, type DesiredState } from './desired-state.ts';
import type { EventOrder } from './event-order.ts';
import { cleanFileName } from './file-name.ts';
import { isDroppedUrl } from './inbox-url.ts';
import type { Job } from './jobs.ts';
import type { DivisionWish } from './metadata.ts';
import { pendingPaths } from './next-step.ts';
import { JobFailure, TryAgain } from './reasons.ts';
import { createAsset, findAssetsByExternalId } from './showpad/assets.ts';
import type { NameSource } from './showpad-names.ts';
import type { ShowpadClient } from './showpad/client.ts';
import { ShowpadError } from './showpad/errors.ts';
import { assertFitsInTime } from './transfer-limits.ts';
import { isOlderThan, type StepOutcome, type Work } from './work.ts';
import { writeDraft } from './write-draft.ts';

export interface EnsuredAsset {
  readonly assetId: string;
  readonly applied: AppliedState;
}

/**
 * The asset of a key in Showpad: the one we know, else the one that carries its external id, else a new one.
 * Showpad has no idempotency keys, so a create is preceded by a note of the intent; while the outcome of one is
 * unknown, a lookup that finds nothing is believed only after the settle window.
 */
export async function ensureAsset(
  work: Work,
  lease: Lease,
  asset: Asset,
  client: ShowpadClient,
): Promise<EnsuredAsset | Exclude<StepOutcome, 'proceed'>> {
  const { applied, intent } = asset;
  if (applied.assetId !== undefined) return { assetId: applied.assetId, applied };
  const found = await adoptAsset(work, lease, asset, client);
  if (found !== null) return found;
  return (await waitToSettle(work, lease, intent)) ?? create(work, lease, asset, client);
}

/**
 * Puts a step off while a create whose outcome is unknown may still come about; null when it no longer may, or there
 * was none.
 * @throws {JobFailure} OUTCOME_UNKNOWN when nothing would show whether it did
 */
export async function waitToSettle(
  { services }: Work,
  lease: Lease,
  intent: CreateIntent | undefined,
): Promise<Exclude<StepOutcome, 'proceed'> | null> {
  if (intent === undefined) return null;
  const againInSeconds = (Date.parse(intent.at) - Date.now()) / 1_000 + services.config.SETTLE_SECONDS;
  if (againInSeconds > 0) {
    return { againInSeconds, why: 'a create whose outcome is unknown may still show up' };
  }
  if (intent.isFindable) return null;
  await services.assets.record(lease, { intent: undefined });
  const what = 'Showpad lets this token set no external id, and an answer to a create was lost';
  throw new JobFailure('OUTCOME_UNKNOWN', `${what} at ${intent.at}; the asset may or may not be there.`);
}

/** Takes over the one asset that carries the external id; null when there is none. */
export async function adoptAsset(
  { services, job }: Work,
  lease: Lease,
  asset: Asset,
  client: ShowpadClient,
): Promise<EnsuredAsset | null> {
  const externalId = externalIdOf(job.key);
  const [hit, ...others] = await findAssetsByExternalId(client, externalId);
  if (hit === undefined) return null;
  if (others.length > 0) {
    const ids = [hit, ...others].map(({ id }) => id).join(', ');
    throw new JobFailure('EXTERNAL_ID_AMBIGUOUS', `Assets ${ids} all carry the external id ${externalId}.`);
  }
  const applied = adopted(hit, asset.intent);
  const isForeseen = job.import?.changesMetadata ?? true;
  if (!isForeseen && pendingPaths({ ...asset, applied }).length > 0)
    await services.openJobs.noteMetadataChange(job.id);
  await services.assets.record(lease, { ...applied, intent: undefined });
  await services.telemetry.assetAdopted(job, hit.id);
  return { assetId: hit.id, applied };
}

async function create(work: Work, lease: Lease, asset: Asset, client: ShowpadClient): Promise<EnsuredAsset> {
  const { services, job, attempt } = work;
  const { desired, key, staged } = asset;
  const names = await services.names();
  const divisionId = await divisionOf(names, job, desired);
  const url =
    desired.content !== undefined && 'url' in desired.content.value ? desired.content.value.url : undefined;
  // An asset whose file could never follow would stay unfinished.
  if (staged !== undefined && url === undefined) await assertFitsInTime(work, 'upload link', staged.size);
  const name = desiredName(desired) ?? cleanFileName(job.subject);
  const createTags = job.defaults.createTags !== false;
  const draft = await composeChanges(
    names,
    { ...asset, applied: nothingApplied },
    { divisionId, createTags },
  );
  let externalId: string | undefined = externalIdOf(key);

  const send = async (): Promise<EnsuredAsset> => {
    const applied = appliedBy(draft, { name, divisionId, url, madeFor: job.order });
    const at = new Date().toISOString();
    await services.assets.record(lease, { intent: { at, applied, isFindable: externalId !== undefined } });
    const required = { name, division: { id: divisionId }, ...(url !== undefined && { url }) };
    const body = { ...draft.body, ...required, ...(externalId !== undefined && { externalId }) };
    const { id } = await createAsset(client, body).catch(async (error: unknown) => {
      throw isConflict(error) ? await conflictOf(work, externalId, error) : error;
    });
    const known = { ...applied, assetId: id, intent: undefined };
    // Until it is noted, the intent and the external id lead to it; without an external id nothing would.
    if (externalId === undefined) await services.assets.record(lease, known);
    else services.assets.recordSoon(lease, known);
    return { assetId: id, applied: { ...applied, assetId: id } };
  };
  const otherwise = (fields: readonly string[]): boolean => {
    if (fields.includes('division')) {
      throw new JobFailure('DIVISION_UNKNOWN', `Showpad does not know Division ${divisionId}.`);
    }
    // Some tokens may not set it: our own table then is all that knows whose asset it is.
    const mayGoWithout = externalId !== undefined && fields.includes('externalId');
    if (mayGoWithout) externalId = undefined;
    return mayGoWithout;
  };
  try {
    const options = { names, isFirstTry: attempt === 0, otherwise, mayBeEmpty: true };
    const created = await writeDraft(draft, send, options);
    if (created === null) throw new Error('A create is sent, however little there is to say.');
    await services.telemetry.assetCreated(job, created.assetId);
    return created;
  } catch (error) {
    const isKnown = error instanceof JobFailure || error instanceof TryAgain;
    if (isKnown || (error instanceof ShowpadError && !error.outcomeUnknown)) {
      await services.assets.record(lease, { intent: undefined });
    }
    throw error;
  }
}

/** @throws {JobFailure} DIVISION_UNKNOWN; for a file of the inbox with where a Division can be named */
async function divisionOf(names: NameSource, { defaults }: Job, desired: DesiredState): Promise<string> {
  const wish = (desired.fields['division']?.value ?? defaults.division) as DivisionWish | undefined;
  const content = desired.content?.value;
  const dropped = content !== undefined && 'file' in content && isDroppedUrl(content.file.url);
  return names.divisionId(wish).catch((error: unknown) => {
    if (!(error instanceof JobFailure) || wish !== undefined || !dropped) throw error;
    const beside = `Put a file of the same name and .json beside it, with {"division": "…"} in it`;
    throw new JobFailure(
      error.code,
      `${error.message} ${beside}, or put it again with the metadata x-amz-meta-division, or give the source a "division", and put it again.`,
    );
  });
}

function isConflict(error: unknown): error is ShowpadError {
  return error instanceof ShowpadError && error.status === 409;
}

/**
 * Showpad says that the asset is there already: one that its index does not show yet will be adopted. Without its
 * external id it would be made a second time.
 */
async function conflictOf(
  work: Work,
  externalId: string | undefined,
  error: ShowpadError,
): Promise<JobFailure | TryAgain> {
  const { SETTLE_SECONDS, SOURCE_DEADLINE_SECONDS } = work.services.config;
  const what = `Showpad says that there is an asset with the external id ${externalId ?? '(none)'} already, and shows none to this token`;
  return (await isOlderThan(work, SOURCE_DEADLINE_SECONDS))
    ? new JobFailure('SHOWPAD_REJECTED', `${what}: ${error.message}`)
    : new TryAgain(what, Math.max(1, SETTLE_SECONDS));
}

function appliedBy(
  draft: AssetDraft,
  {
    name,
    divisionId,
    url,
    madeFor,
  }: { name: string; divisionId: string; url: string | undefined; madeFor: EventOrder },
): AppliedState {
  const written = draft.applied();
  const oldest = oldestOrder(draft.asset.desired);
  return {
    ...written,
    fields: { ...written.fields, name },
    lifecycle: written.lifecycle ?? 'live',
    ...(oldest !== undefined && { oldest }),
    divisionId,
    madeFor,
    ...(url !== undefined && { url }),
  };
}

/** Starts over with the next try when somebody has deleted the asset in Showpad. */
export async function forgetIfGone(
  { services, job }: Work,
  lease: Lease,
  assetId: string,
  story: () => Promise<StepOutcome>,
): Promise<StepOutcome> {
  try {
    return await story();
  } catch (error) {
    if (!(error instanceof ShowpadError) || error.status !== 404 || error.operation === 'PUT upload link')
      throw error;
    await services.assets.forgetAsset(lease);
    await services.telemetry.assetGone(job, assetId);
    return { againInSeconds: services.config.SETTLE_SECONDS, why: 'Showpad no longer shows the asset' };
  }
}
