import { externalIdOf } from './asset-key.ts';
import { nothingApplied, type AppliedState, type Asset, type Lease } from './asset-state.ts';
import { composeChanges } from './asset-changes.ts';
import { desiredName } from './desired-state.ts';
import { resolveDivision } from './divisions.ts';
import { JobFailure } from './reasons.ts';
import { createAsset, findAssetsByExternalId } from './showpad/assets.ts';
import type { ShowpadClient } from './showpad/client.ts';
import { ShowpadError } from './showpad/errors.ts';
import type { StepOutcome, Work } from './work.ts';

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
  const { services } = work;
  const { applied, intent } = asset;
  if (applied.assetId !== undefined) return { assetId: applied.assetId, applied };
  const found = await adoptAsset(work, lease, asset, client);
  if (found !== null) return found;
  if (intent !== undefined) {
    const settledAt = Date.parse(intent.at) + services.config.SETTLE_SECONDS * 1_000;
    const waitSeconds = (settledAt - Date.now()) / 1_000;
    if (waitSeconds > 0) {
      return { againInSeconds: waitSeconds, why: 'a create whose outcome is unknown may still show up' };
    }
  }
  return create(work, lease, asset, client);
}

/** Takes over the one asset that carries the external id; null when there is none. */
export async function adoptAsset(
  { services, job }: Work,
  lease: Lease,
  { intent }: Asset,
  client: ShowpadClient,
): Promise<EnsuredAsset | null> {
  const externalId = externalIdOf(job.key);
  const [hit, ...others] = await findAssetsByExternalId(client, externalId);
  if (hit === undefined) return null;
  if (others.length > 0) {
    const ids = [hit, ...others].map(({ id }) => id).join(', ');
    throw new JobFailure('EXTERNAL_ID_AMBIGUOUS', `Assets ${ids} all carry the external id ${externalId}.`);
  }
  const applied: AppliedState = {
    ...(intent?.applied ?? nothingApplied),
    assetId: hit.id,
    ...(hit.division && { divisionId: hit.division.id }),
    lifecycle: hit.isArchived === true ? 'archived' : 'live',
  };
  await services.assets.record(lease, { ...applied, intent: undefined });
  await services.telemetry.assetAdopted(job, hit.id);
  return { assetId: hit.id, applied };
}

async function create(work: Work, lease: Lease, asset: Asset, client: ShowpadClient): Promise<EnsuredAsset> {
  const { services, job } = work;
  const { desired, key } = asset;
  const divisionId = await resolveDivision(
    client,
    desired.fields['division']?.value ?? job.defaults.division,
  );
  const changes = await composeChanges(client, { ...asset, applied: nothingApplied }, divisionId);
  const url =
    desired.content !== undefined && 'url' in desired.content.value ? desired.content.value.url : undefined;
  const name = desiredName(desired) ?? job.subject;
  const applied: AppliedState = {
    ...changes.applied,
    fields: { ...changes.applied.fields, name },
    lifecycle: changes.applied.lifecycle ?? 'live',
    divisionId,
    ...(url !== undefined && { url }),
  };

  await services.assets.record(lease, { intent: { at: new Date().toISOString(), applied } });
  try {
    const { id } = await createAsset(client, {
      ...changes.body,
      name,
      division: { id: divisionId },
      externalId: externalIdOf(key),
      ...(url !== undefined && { url }),
    });
    await services.assets.record(lease, { ...applied, assetId: id, intent: undefined });
    await services.telemetry.assetCreated(job, id);
    return { assetId: id, applied: { ...applied, assetId: id } };
  } catch (error) {
    if (error instanceof ShowpadError && !error.outcomeUnknown) {
      await services.assets.record(lease, { intent: undefined });
    }
    throw error;
  }
}
