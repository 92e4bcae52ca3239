import type { Job } from './jobs.ts';
import { nextStep } from './next-step.ts';
import type { Services } from './services.ts';

/**
 * Sends the message of an open job's next step once more. Harmless at any time: where the first message is still
 * there, whoever comes second finds nothing left to do.
 * @returns false when the event was never wholly accepted, so that there is no step to take
 */
export async function resumeJob(services: Services, job: Job): Promise<boolean> {
  return job.type === 'myfiles.upload' ? resumePush(services, job) : resumeAsset(services, job);
}

/** Whether everything that an event asks for was written down: then its job can be done without its sender. */
export async function isLaid({ assets, personalUploads }: Services, job: Job): Promise<boolean> {
  if (job.type === 'myfiles.upload') return (await personalUploads.getPush(job.id)) !== null;
  const asset = await assets.get(job.key);
  return asset !== null && nextStep(job, asset).kind !== 'unlaid';
}

/** Whether what comes next for an asset's job is done by a function that calls Showpad. */
export async function waitsForShowpad({ assets }: Services, job: Job): Promise<boolean> {
  const asset = await assets.get(job.key);
  return asset !== null && nextStep(job, asset).kind !== 'stage';
}

async function resumeAsset({ assets, queues }: Services, job: Job): Promise<boolean> {
  const asset = await assets.get(job.key);
  const next = asset === null ? 'unlaid' : nextStep(job, asset).kind;
  switch (next) {
    case 'unlaid':
      return false;
    case 'stage':
    case 'upload':
    case 'metadata':
      await queues.send(next, job, { attempt: 0 });
      return true;
    case 'poll':
      // The chain of polls goes on where it was, so that of two only one goes on.
      await queues.send('poll', job, { attempt: job.attempts });
      return true;
    case 'done':
    case 'superseded':
    case 'failed':
      // Nothing is left to do but to say so, which every step does.
      await queues.send('metadata', job, { attempt: 0 });
      return true;
  }
}

async function resumePush({ personalUploads, queues }: Services, job: Job): Promise<boolean> {
  const [push, uploads] = await Promise.all([personalUploads.getPush(job.id), personalUploads.list(job.id)]);
  if (push === null) return false;
  const open = uploads.filter(({ state }) => state !== 'done' && state !== 'failed');
  const hasEnded = uploads.length === push.recipients.length && open.length === 0;
  // Whoever looks at a recipient that has ended ends the push with the last of them.
  if (hasEnded) await queues.send('personalUpload', job, { attempt: 0, push: 0 });
  else await queues.send('stage', job, { attempt: 0, push: 'file' });
  return true;
}
