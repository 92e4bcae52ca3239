import { assetStateKey } from './asset-item.ts';
import type { Job } from './jobs.ts';
import type { ItemKey } from './leases.ts';
import { copyKey } from './personal-uploads.ts';
import type { Sweep } from './sweep.ts';

// Lambda ends every invocation after 15 minutes; a minute more for clocks that differ.
const longestLifeMs = 960_000;
const forgottenMs = 86_400_000;

/**
 * Ends leases, among those that a job waits for, that say they last longer than their holder can live: a clock was
 * wrong. No clock but this one is believed: such a lease is ended once it has been seen for longer than a life.
 */
export async function endStuckLeases(sweep: Sweep, job: Job): Promise<void> {
  for (const item of await leasesOf(sweep, job)) await endIfStuck(sweep, job, item);
}

async function leasesOf({ services }: Sweep, job: Job): Promise<ItemKey[]> {
  if (job.type !== 'myfiles.upload') return [assetStateKey(job.key)];
  const [push, uploads] = await Promise.all([
    services.personalUploads.getPush(job.id),
    services.personalUploads.list(job.id),
  ]);
  const md5 = push?.staged?.md5;
  if (md5 === undefined) return [];
  return uploads.flatMap(({ state, place }) =>
    state === 'waiting' && place !== undefined ? [copyKey(place.userId, md5)] : [],
  );
}

async function endIfStuck({ services, progress, swept }: Sweep, job: Job, item: ItemKey): Promise<void> {
  const now = Date.now();
  const lease = await services.sweepState.lookAtLease(item);
  if (lease === null || lease.untilMs <= now + longestLifeMs) return;
  const name = `${item.pk} ${item.sk}`;
  const { [name]: known, ...others } = progress.suspects ?? {};
  const recent = Object.fromEntries(
    Object.entries(others).filter(([, { since }]) => now - Date.parse(since) < forgottenMs),
  );
  if (known?.holder !== lease.holder) {
    const since = new Date(now).toISOString();
    progress.suspects = { ...recent, [name]: { holder: lease.holder, since } };
    return;
  }
  if (now - Date.parse(known.since) < longestLifeMs) return;
  const isEnded = await services.sweepState.endLease(item, lease.holder);
  progress.suspects = recent;
  if (isEnded) swept('LeaseEnded', { jobId: job.id, until: new Date(lease.untilMs).toISOString() });
}
