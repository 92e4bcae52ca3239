import type { FaultRig } from './fault-rig.ts';
import { leftovers, violations } from './invariants.ts';
import { misfortunes } from './misfortunes.ts';
import { cloudEventOf, tellStory } from './story.ts';

export interface CampaignReport {
  readonly seeds: number;
  readonly events: number;
  /** How often each kind of fault was injected. */
  readonly faults: Readonly<Record<string, number>>;
  /** What was broken, each with its seed. */
  readonly broken: readonly string[];
  readonly staged: readonly string[];
}

const subjectsOfSeed = ['a', 'b'];

/** Plays the stories of these seeds side by side, each with its own misfortunes. */
export async function playSeeds(seeds: readonly number[], rig: FaultRig): Promise<CampaignReport> {
  const { serve } = rig.connector;
  const told = seeds.flatMap((seed) =>
    subjectsOfSeed.map((name) => {
      const story = tellStory(seed, name);
      const run = rig.begin(story.source, story.subject);
      run.decide = misfortunes(seed, story.subject);
      return { seed, story, run };
    }),
  );
  const sent = told.flatMap(({ story, run }) =>
    story.deliveries.map((event) => rig.send(run, { ...cloudEventOf(event, serve) })),
  );
  const broken: string[] = [];
  for (const delivery of await Promise.allSettled(sent)) {
    if (delivery.status === 'rejected') broken.push(String(delivery.reason));
  }
  await rig.converge().catch((error: unknown) => broken.push(String(error)));

  const faults: Record<string, number> = {};
  for (const { seed, story, run } of told) {
    for (const fault of run.faults) {
      const kind = fault.replace(/ [a-z-]+: .*$/, '');
      faults[kind] = (faults[kind] ?? 0) + 1;
    }
    const found = await violations(rig.connector, run, story.expected);
    const delivered = story.deliveries.map(({ type, minute }) => `${type} ${minute}`).join(', ');
    broken.push(
      ...found.map(
        (violation) =>
          `SEED=${seed} ${story.source}:${story.subject}: ${violation}\n  faults: ${run.faults.join('; ')}\n  delivered: ${delivered}`,
      ),
    );
  }
  const { staged, deadLetters } = await leftovers(rig.connector);
  broken.push(...deadLetters.map((letter) => `a dead letter: ${letter}`));
  broken.push(...rig.writes.takeOverlaps().map((overlap) => `overlapping writes: ${overlap}`));
  broken.push(...staged.filter((key) => !key.startsWith('staged/')).map((key) => `${key} never expires`));
  return { seeds: seeds.length, events: sent.length, faults, broken, staged };
}
