import type { Asset, Lease } from './asset-state.ts';
import { JobFailure } from './reasons.ts';
import { ShowpadError } from './showpad/errors.ts';
import { deleteTag } from './showpad/tags.ts';
import type { StepOutcome, Work } from './work.ts';

/**
 * Makes a tag be there, or not be there, as the newest tag event of a subject asks.
 * @throws {JobFailure} TAG_IN_USE when a filter uses a tag that is to be deleted (DELETE /tags/{tagId}, 409)
 * @throws {ShowpadError}
 */
export async function applyTag(
  { services, job }: Work,
  lease: Lease,
  { desired }: Asset,
): Promise<StepOutcome> {
  const wish = desired.tag;
  if (wish === undefined) return 'proceed';
  const { name, division, isWanted } = wish.value;
  const names = await services.names();
  // What was remembered may have been deleted since, and this event is about whether it is there.
  names.forget();
  const divisionId = await names.divisionId(division ?? job.defaults.division);
  const tagId = isWanted ? await names.tagId(divisionId, name) : await names.findTagId(divisionId, name);
  if (!isWanted && tagId !== null) {
    try {
      await deleteTag(await services.showpad(), tagId);
    } catch (error) {
      if (!(error instanceof ShowpadError)) throw error;
      if (error.status === 409)
        throw new JobFailure('TAG_IN_USE', `Showpad keeps the tag “${name}”: ${error.message}`);
      // Gone already is what was asked for.
      if (error.status !== 404) throw error;
    }
  }
  await services.assets.recordLast(lease, { tag: wish.order });
  await services.telemetry.tagApplied(job, name, isWanted);
  return 'proceed';
}
