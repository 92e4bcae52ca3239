// UploadQueue → an asset in Showpad, never two, and its file, byte for byte.
import { nameWork } from '../lib/current-work.ts';
import { oldestOrder } from '../lib/desired-state.ts';
import { ensureAsset, forgetIfGone } from '../lib/ensure-asset.ts';
import { sqsHandler } from '../lib/handlers.ts';
import { contentStep, nextStep } from '../lib/next-step.ts';
import { stepMessageSchema } from '../lib/queues.ts';
import { sendFile } from '../lib/send-file.ts';
import { updateAsset } from '../lib/showpad/assets.ts';
import { ShowpadError } from '../lib/showpad/errors.ts';
import { step, underLease, type StepOutcome, type Work } from '../lib/work.ts';

export const handler = sqsHandler(stepMessageSchema, step('upload', uploadAsset));

async function uploadAsset(work: Work): Promise<StepOutcome> {
  const { services, job } = work;
  await services.jobs.advance(job.id, 'uploading');
  return underLease(work, async (lease, asset) => {
    if (nextStep(job, asset).kind !== 'upload') return 'proceed';
    const client = await services.showpad();
    const ensured = await ensureAsset(work, lease, asset, client);
    if ('againInSeconds' in ensured) return ensured;
    const { assetId, applied } = ensured;
    nameWork({ assetId });

    const known = { ...asset, applied };
    // An asset that was just made or adopted may have its link, or these very bytes, already.
    if (contentStep(known) !== 'upload') return 'proceed';
    return forgetIfGone(work, lease, assetId, async () => {
      const content = asset.desired.content?.value;
      if (content === undefined || !('url' in content)) return sendFile(work, lease, known, assetId, client);
      // Whoever comes after a lost answer must not take what was there before for what is there.
      const unknown = { url: undefined, file: undefined, usableFile: undefined };
      const oldest = oldestOrder(asset.desired, applied.oldest);
      await services.assets.record(lease, { ...unknown, oldest });
      await updateAsset(client, assetId, { url: content.url }).catch(async (error: unknown) => {
        const { url, file, usableFile } = applied;
        if (error instanceof ShowpadError && !error.outcomeUnknown)
          await services.assets.record(lease, { url, file, usableFile });
        throw error;
      });
      await services.assets.recordLast(lease, { url: content.url });
      await services.telemetry.linkWritten(job);
      return 'proceed';
    });
  });
}
