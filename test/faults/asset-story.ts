import { chance, choice } from './chance.ts';
import type { FaultRig } from './fault-rig.ts';
import { violations } from './invariants.ts';
import { cloudEventOf, tellStory } from './story.ts';
import type { Tale } from './tale.ts';

/** Within how much time the events of a story come: all at once, or over many minutes. */
const spreadsMs: readonly [number, ...number[]] = [0, 20_000, 600_000];

/** The life of an asset: what is asked of it comes in any order, some of it twice. */
export function assetStory(seed: number, { serve }: FaultRig['connector']): Tale {
  const { source, subject, deliveries, expected } = tellStory(seed, 'asset');
  const spreadMs = choice(spreadsMs, seed, 'spread');
  return {
    source,
    subject,
    deliveries: deliveries.map((event, index) => ({
      event: cloudEventOf(event, serve),
      atMs: Math.round(chance(seed, 'at', index) * spreadMs),
    })),
    problems: ({ connector }, run) => violations(connector, run, expected),
  };
}
