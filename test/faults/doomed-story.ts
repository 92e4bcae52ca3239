import type { Connector } from '../connector.ts';
import { chance } from './chance.ts';
import { pdf } from './flows.ts';
import { assetsOf, unendedJobs } from './invariants.ts';
import type { Tale } from './tale.ts';

/** What can never be: a file that is gone for good, or a token without the right to write. It ends, and says why. */
export function doomedStory(seed: number, { serve }: Connector): Tale {
  const subject = `seed-${seed}`;
  const isGone = chance(seed, 'doom') < 0.5;
  const url = serve(
    `${subject}.pdf`,
    isGone ? (_request, response) => response.writeHead(410).end() : pdf(subject),
  );
  const code = isGone ? 'SOURCE_NOT_FOUND' : 'SHOWPAD_FORBIDDEN';
  const event = {
    id: `${subject}-0`,
    type: 'asset.upsert',
    data: { file: { url, name: 'Doomed.pdf' } },
  };
  return {
    source: 'demo',
    subject,
    deliveries: [
      { event, atMs: 0 },
      { event, atMs: 5_000 },
    ],
    isDoomed: ({ system, method }) => !isGone && system === 'showpad' && method !== 'GET',
    problems: async ({ connector }, run) => {
      const found = await unendedJobs(connector, run, code);
      const there = assetsOf(connector, run).length;
      return there === 0 ? found : [...found, `${there} assets were made`];
    },
  };
}
