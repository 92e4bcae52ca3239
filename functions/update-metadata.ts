// MetadataQueue → the asset in Showpad says what the newest events asked for, and nothing else of it changes.
import { applyTag } from '../lib/apply-tag.ts';
import { composeChanges, needsCurrent } from '../lib/asset-changes.ts';
import type { Asset, Lease } from '../lib/asset-state.ts';
import { nameWork } from '../lib/current-work.ts';
import { adoptAsset, forgetIfGone, waitToSettle } from '../lib/ensure-asset.ts';
import { sqsHandler } from '../lib/handlers.ts';
import { oldestOrder } from '../lib/desired-state.ts';
import { nothingKnown } from '../lib/known-parts.ts';
import { isErasePending, nextStep, pendingPaths } from '../lib/next-step.ts';
import { stateOfMetadata } from '../lib/proceed.ts';
import { stepMessageSchema } from '../lib/queues.ts';
import { JobFailure } from '../lib/reasons.ts';
import { backoffSeconds } from '../lib/retry-rules.ts';
import { deleteAsset, getAsset, getWholeAsset, updateAsset } from '../lib/showpad/assets.ts';
import type { ShowpadClient } from '../lib/showpad/client.ts';
import { ShowpadError } from '../lib/showpad/errors.ts';
import { writeDraft } from '../lib/write-draft.ts';
import { isOlderThan, step, underLease, type StepOutcome, type Work } from '../lib/work.ts';

export const handler = sqsHandler(stepMessageSchema, step('metadata', updateMetadata));

async function updateMetadata(work: Work): Promise<StepOutcome> {
  const { services, job } = work;
  await services.jobs.advance(job.id, stateOfMetadata(job));
  return underLease(work, async (lease, asset) => {
    if (nextStep(job, asset).kind !== 'metadata') return 'proceed';
    if (pendingPaths(asset).includes('tag')) return applyTag(work, lease, asset);
    const client = await services.showpad();
    const known =
      asset.applied.assetId === undefined
        ? await adoptAsset(work, lease, asset, client)
        : { applied: asset.applied };
    const isErasing = isErasePending(asset);
    const isToBeDeleted = isErasing || asset.desired.lifecycle?.value === 'deleted';
    // Before anything is gone: whoever comes after a crash must know who makes the asset again.
    if (isErasing) await services.jobs.advance(job.id, stateOfMetadata(job), { hasErased: true });
    if (known?.applied.assetId === undefined) {
      const isNoted = asset.applied.lifecycle === 'deleted' && asset.intent === undefined;
      if (!isToBeDeleted || isNoted) return waitForAsset(work, asset);
      // What is not there yet cannot be deleted.
      return (await waitToSettle(work, lease, asset.intent)) ?? noteDeleted(work, lease);
    }
    const { assetId } = known.applied;
    nameWork({ assetId });
    const adopted = { ...asset, applied: known.applied };
    if (isToBeDeleted) return deleteForGood(work, lease, assetId, client);
    return forgetIfGone(work, lease, assetId, () => applyPending(work, lease, adopted, assetId, client));
  });
}

async function applyPending(
  { services, job, attempt }: Work,
  lease: Lease,
  asset: Asset,
  assetId: string,
  client: ShowpadClient,
): Promise<StepOutcome> {
  const names = await services.names();
  const mustRead = needsCurrent(asset) || asset.applied.divisionId === undefined;
  const current = mustRead ? await getAsset(client, assetId) : { id: assetId };
  const divisionId =
    asset.applied.divisionId ?? ('division' in current ? current.division?.id : undefined) ?? '';
  const createTags = job.defaults.createTags !== false;
  const draft = await composeChanges(names, asset, { divisionId, createTags, current });
  const oldest = oldestOrder(asset.desired, asset.applied.oldest);
  const unsure = draft.written;
  // An answer may be lost, or this be the end of us: whoever comes next must know what Showpad may hold by then.
  if (unsure.length > 0) await services.assets.record(lease, { unsure, oldest });
  await writeDraft(draft, () => updateAsset(client, assetId, draft.body), {
    names,
    isFirstTry: attempt === 0,
  });
  const left = unsure.filter((path) => ![...draft.written, ...draft.refused].includes(path));
  await services.assets.recordLast(lease, {
    ...draft.applied(),
    divisionId,
    oldest,
    unsure: left.length > 0 ? left : undefined,
  });
  await services.telemetry.metadataWritten(job, draft.written, draft.refused);
  return 'proceed';
}

async function waitForAsset(work: Work, { desired }: Asset): Promise<StepOutcome> {
  const { services, job, attempt } = work;
  if (await isOlderThan(work, services.config.SOURCE_DEADLINE_SECONDS)) {
    throw new JobFailure('ASSET_UNKNOWN', `No asset is known for ${job.subject} of ${job.source}.`);
  }
  const why =
    desired.content === undefined ? 'no event has brought this asset yet' : 'the asset is not made yet';
  return { againInSeconds: backoffSeconds(attempt, 60), why };
}

/** Deletes the asset, which nobody can undo: what it was is kept in the timeline first. */
async function deleteForGood(
  work: Work,
  lease: Lease,
  assetId: string,
  client: ShowpadClient,
): Promise<StepOutcome> {
  try {
    const lastState = await getWholeAsset(client, assetId);
    await work.services.telemetry.assetDeleting(work.job, assetId, lastState);
    await deleteAsset(client, assetId);
  } catch (error) {
    // Gone already is what was asked for.
    if (!(error instanceof ShowpadError) || error.status !== 404) throw error;
  }
  const outcome = await noteDeleted(work, lease);
  await work.services.telemetry.assetDeleted(work.job, assetId);
  return outcome;
}

async function noteDeleted({ services }: Work, lease: Lease): Promise<StepOutcome> {
  await services.assets.recordLast(lease, { ...nothingKnown, intent: undefined, lifecycle: 'deleted' });
  return 'proceed';
}
