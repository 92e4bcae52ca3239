import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { Agent } from 'undici';
import { ConnectorClient } from '../local/demo/connector-client.ts';
import { listen } from '../local/listen.ts';
import type { ShowpadEmulator } from '../local/showpad/showpad-emulator.ts';
import { startStack, type Stack } from '../local/stack.ts';
import type { Report, Row } from './report.ts';

export interface BackPressureOptions {
  /** What Showpad allows, in requests per second, one run for each. */
  readonly limits: readonly number[];
  readonly assets: number;
  readonly onProgress: (line: string) => void;
}

const longestRunMs = 900_000;
const content = Buffer.from('%PDF-1.7\nbacklog\nstartxref\n0\n%%EOF\n');

/**
 * Lets a backlog of assets drain into a Showpad that takes only so many requests per second, from a pace that knows
 * nothing of it, and compares how fast it went with that limit.
 */
export async function benchBackPressure({
  limits,
  assets,
  onProgress,
}: BackPressureOptions): Promise<Report> {
  const rows: Row[] = [];
  for (const limit of limits) {
    rows.push(await drain(limit, assets));
    onProgress(`limit ${limit}: ${JSON.stringify(rows.at(-1))}`);
  }
  return {
    title: `back-pressure: a backlog of ${assets} assets against a limit that nobody has told the connector`,
    rows,
    notes: [
      'Drain rate: calls that Showpad took, from the first until the last asset was made, which is while there was a backlog; the search for the limit is part of it. The aim is 85 to 100 % of the limit, with fewer than 2 % of the answers being 429.',
      'AWS is embedded and shares this machine: where it is too slow for the limit, that shows as a low drain rate without 429s.',
    ],
  };
}

async function drain(limit: number, assets: number): Promise<Row> {
  const stack = await startStack({
    processes: 'shared',
    parameters: { LogLevel: 'ERROR', PollGatherSeconds: '0' },
    showpadEmulator: {
      switches: { processingMs: 5, rateLimit: { requestsPerSecond: limit, retryAfterSeconds: 1 } },
    },
  });
  try {
    const showpad = stack.showpadEmulator;
    if (showpad === undefined) throw new Error('The limit is set in the Showpad emulator.');
    await fillQueue(stack, assets);
    await stack.resume('upload-asset');
    await stack.settled(longestRunMs);
    return measure(showpad, limit, (await stack.deadLetters()).length);
  } finally {
    await stack.stop();
  }
}

/** Stages everything while nothing is uploaded. */
async function fillQueue(stack: Stack, assets: number): Promise<void> {
  await stack.pause('upload-asset');
  const files = await listen(
    createServer((_request, response) => {
      response.writeHead(200, { 'content-length': content.length }).end(content);
    }),
  );
  const dispatcher = new Agent();
  try {
    const signal = AbortSignal.timeout(longestRunMs);
    const secret = stack.sources['demo']?.secret ?? '';
    const connector = new ConnectorClient(stack.apiUrl, secret, dispatcher, signal);
    for (let index = 0; index < assets; index += 1) {
      const file = { url: `${files.url}/backlog.pdf`, name: `Backlog ${index}.pdf` };
      const event = { eventId: randomUUID(), type: 'asset.upsert', subject: `backlog/${index}` } as const;
      await connector.send({ ...event, time: new Date(), data: { file } });
    }
    while (((await stack.queueCounts())['upload']?.visible ?? 0) < assets) await delay(100);
  } finally {
    await dispatcher.destroy();
    await files.close();
  }
}

function measure(showpad: ShowpadEmulator, limit: number, deadLetters: number): Row {
  const calls = showpad.requests.filter(({ path }) => path.startsWith('/v4/'));
  const taken = calls.filter(({ status }) => status !== 429);
  const atMs = taken.map(({ receivedAt }) => Date.parse(receivedAt));
  const fromMs = atMs[0] ?? 0;
  const untilMs = atMs.filter((_, index) => isCreate(taken[index])).at(-1) ?? fromMs;
  const drained = atMs.filter((moment) => moment <= untilMs).length;
  const rate = (drained * 1_000) / (untilMs - fromMs);
  const made = new Set(showpad.assets.map(({ externalId }) => externalId)).size;
  return {
    'limit /s': limit,
    'drain rate /s': rate,
    '% of the limit': (100 * rate) / limit,
    calls: calls.length,
    '% 429': (100 * (calls.length - taken.length)) / calls.length,
    seconds: (untilMs - fromMs) / 1_000,
    assets: made,
    twice: showpad.assets.length - made,
    'dead letters': deadLetters,
  };
}

function isCreate(call: { method: string; path: string } | undefined): boolean {
  return call?.method === 'POST' && call.path.endsWith('/files');
}
