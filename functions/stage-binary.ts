// StageQueue → the source's file, byte for byte, in the staging bucket.
import { learnDetails, secondsUntilReady } from '../lib/file-details.ts';
import { sqsHandler } from '../lib/handlers.ts';
import { pushStep, type PushWork } from '../lib/push-work.ts';
import { stepMessageSchema } from '../lib/queues.ts';
import { stageFile } from '../lib/stage-file.ts';
import { step, type StepOutcome, type Work } from '../lib/work.ts';

const stageContent = step('stage', stageBinary);
const stagePush = pushStep('stage', stagePushed);

export const handler = sqsHandler(stepMessageSchema, (message, invocation) =>
  message.push === undefined ? stageContent(message, invocation) : stagePush(message, invocation),
);

async function stageBinary(work: Work): Promise<StepOutcome> {
  const { services, job, asset } = work;
  const { assets, jobs, telemetry } = services;
  const content = asset.desired.content;
  if (content === undefined || 'url' in content.value) return 'proceed';
  const { order, value } = content;
  const waitSeconds = 'requested' in value ? secondsUntilReady(value.requested) : 0;
  if (waitSeconds > 0) {
    return { againInSeconds: waitSeconds, why: 'its source may not have finished it yet', isTry: false };
  }
  const startedAt = performance.now();
  await jobs.advance(job.id, 'staging');
  if ('requested' in value) await learnDetails(work, order, value.requested);
  // Newer content may come meanwhile, or a twin of this invocation be faster.
  const file = 'requested' in value ? value.requested : value.file;
  const named = file.sha256 === undefined ? {} : { sha256: file.sha256 };
  const staged = await stageFile(work, job, file, ({ objectKey, size, md5 }) =>
    assets.recordStaged(job.key, { order, objectKey, size, md5, ...named }),
  );
  if (staged === null) return 'proceed';
  await jobs.advance(job.id, 'staged');
  await telemetry.fileStaged(job, { ...staged, durationMs: Math.round(performance.now() - startedAt) });
  return 'proceed';
}

/** One file for all recipients of a push, and then a message for each of them. */
async function stagePushed(work: PushWork): Promise<StepOutcome> {
  const { services, job, push } = work;
  const { jobs, personalUploads, queues, telemetry } = services;
  if (push.staged === undefined) {
    await jobs.advance(job.id, 'staging');
    const startedAt = performance.now();
    const staged = await stageFile(work, job, push.file, ({ objectKey, size, md5 }) =>
      personalUploads.recordStaged(job.id, { objectKey, size, md5 }),
    );
    await jobs.advance(job.id, 'staged');
    const durationMs = Math.round(performance.now() - startedAt);
    if (staged !== null) await telemetry.fileStaged(job, { ...staged, durationMs });
  }
  await jobs.advance(job.id, 'uploading');
  for (const index of push.recipients.keys()) {
    const { state } = await personalUploads.open(job.id, index);
    // Those that are processed lost their turn to look at the ticket if the job had failed meanwhile.
    if (state === 'done' || state === 'failed') continue;
    await queues.send('personalUpload', job, { attempt: 0, push: index });
  }
  return 'proceed';
}
