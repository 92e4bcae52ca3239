import { setTimeout as pause } from 'node:timers/promises';
import { assetStory } from './asset-story.ts';
import { doomedStory } from './doomed-story.ts';
import type { FaultRig } from './fault-rig.ts';
import { commonProblems } from './invariants.ts';
import { misfortunes } from './misfortunes.ts';
import { pushStory } from './push-story.ts';
import type { Run } from './run.ts';
import { tagStory } from './tag-story.ts';
import type { Tale } from './tale.ts';

export interface CampaignReport {
  readonly seeds: number;
  readonly deliveries: number;
  /** How often each kind of fault was injected. */
  readonly faults: Readonly<Record<string, number>>;
  /** What was broken, each with its seed. */
  readonly broken: readonly string[];
}

/** How many tales begin together; the next begin while these still go on. */
const togetherAtOnce = 20;
const betweenBeginningsMs = 30_000;

/** Plays these seeds side by side, each with its own misfortunes. */
export async function playSeeds(seeds: readonly number[], rig: FaultRig): Promise<CampaignReport> {
  const told = seeds.map((seed, index) => {
    const tale = taleOf(seed, rig);
    const run = rig.begin(tale.source, tale.subject);
    const decide = misfortunes(seed, tale.subject);
    run.decide = (call, occurrence) =>
      tale.isDoomed?.(call) === true
        ? { kind: 'answer', status: 403, headers: {} }
        : decide(call, occurrence);
    return { seed, tale, run, beginMs: Math.floor(index / togetherAtOnce) * betweenBeginningsMs };
  });
  const playing = told.flatMap(async ({ tale, run, beginMs }) => {
    await pause(beginMs);
    await tale.before?.(rig);
    const sent = tale.deliveries.map(async ({ event, atMs }) => {
      await pause(atMs);
      await rig.send(run, { ...event });
    });
    await Promise.all(sent);
  });
  const broken: string[] = [];
  for (const [index, played] of (await Promise.allSettled(playing)).entries()) {
    if (played.status === 'rejected') broken.push(`SEED=${told[index]?.seed}: ${String(played.reason)}`);
  }
  await rig.converge().catch((error: unknown) => broken.push(String(error)));

  const faults: Record<string, number> = {};
  for (const { seed, tale, run } of told) {
    for (const fault of run.faults) {
      const kind = fault.replace(/ [a-z-]+: .*$/, '');
      faults[kind] = (faults[kind] ?? 0) + 1;
    }
    const found = await tale.problems(rig, run);
    broken.push(...found.map((violation) => described(seed, tale, run, violation)));
  }
  broken.push(...(await commonProblems(rig)));
  const deliveries = told.reduce((sum, { tale }) => sum + tale.deliveries.length, 0);
  return { seeds: seeds.length, deliveries, faults, broken };
}

function taleOf(seed: number, { connector }: FaultRig): Tale {
  if (seed % 5 === 0) return pushStory(seed, connector);
  if (seed % 10 === 3) return doomedStory(seed, connector);
  return seed % 20 === 7 ? tagStory(seed) : assetStory(seed, connector);
}

function described(seed: number, { source, subject, deliveries }: Tale, run: Run, violation: string): string {
  const delivered = deliveries.map(({ event, atMs }) => {
    const { id, type, time } = { id: '', type: '', time: '', ...event };
    return `${atMs} ms: ${id} ${type} of ${time}`;
  });
  return [
    `SEED=${seed} npm run faults replays this: ${violation}`,
    `  ${source}:${subject}, delivered ${delivered.join(', ')}`,
    `  faults: ${run.faults.join('; ')}`,
  ].join('\n');
}
