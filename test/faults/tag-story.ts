import { chance, shuffled } from './chance.ts';
import { unendedJobs } from './invariants.ts';
import type { Tale } from './tale.ts';

/** A tag that is made, deleted and made again, in any order: it is there once or not at all, as the newest asks. */
export function tagStory(seed: number): Tale {
  const subject = `seed-${seed}`;
  const name = `Tag of ${subject}`;
  const count = 2 + Math.floor(chance(seed, 'count') * 3);
  const wishes = Array.from({ length: count }, (_none, minute) => chance(seed, 'tag', minute) < 0.6);
  const events = wishes.map((isWanted, minute) => ({
    id: `${subject}-${minute}`,
    time: new Date(Date.UTC(2026, 8, 1, 0, minute)).toISOString(),
    type: isWanted ? 'tag.upsert' : 'tag.delete',
    data: { name },
  }));
  const deliveries = shuffled([...events, ...events.slice(1)], seed, 'order').map((event, index) => ({
    event,
    atMs: Math.round(chance(seed, 'at', index) * 60_000),
  }));
  return {
    source: 'demo',
    subject,
    deliveries,
    problems: async ({ connector }, run) => {
      const found = await unendedJobs(connector, run);
      const there = connector.showpad.tags.filter((tag) => tag.name === name).length;
      const wanted = wishes.at(-1) === true ? 1 : 0;
      return there === wanted ? found : [...found, `the tag is there ${there} times, not ${wanted}`];
    },
  };
}
