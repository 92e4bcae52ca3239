import { createServer } from 'node:http';
import { randomBytes } from 'node:crypto';
import { afterEach, expect, test } from 'vitest';
import { listen } from '../../local/listen.ts';
import { startAws } from '../../local/aws.ts';
import { startShowpadEmulator } from '../../local/showpad/showpad-emulator.ts';
import { contractViolations } from '../connector.ts';
import { outcomeTopicName, subscribe } from '../outcome-subscriber.ts';
import { tellEvents } from './power-cut-events.ts';
import { outcomeFindings, powerCutFindings, untilQuiet } from './power-cut-findings.ts';
import { runThroughPowerCuts, type PowerCutRun } from './power-cut-run.ts';
import { PowerCutView } from './power-cut-view.ts';
import { CutTrigger, momentsOf } from './power-cuts.ts';

/** `POWER_SEED=7` replays a seed: the same events and the same moments. `npm run faults` plays 500 jobs. */
const { POWER_SEED, POWER_JOBS = '80' } = process.env;
const seed = Number(POWER_SEED ?? 1 + Math.floor(Math.random() * 1_000_000));
const jobs = Number(POWER_JOBS);
const nowhere = 'http://127.0.0.1:9';
const divisionId = '0123456789abcdef0123456789abcdef';
const people = ['jo', 'sam', 'kim', 'max', 'eve'].map((name) => `${name}@example.com`);
const settings = { SETTLE_SECONDS: '3', PROCESSING_POLL_SECONDS: '1', TICKET_POLL_SECONDS: '1' };
const emulated = {
  divisions: [{ name: 'Marketing', id: divisionId, isAssetSharingEnabled: true }],
  users: people.map((email) => ({ email })),
  switches: { processingMs: 20 },
};

/** Whatever happens then, it can be played again. */
console.log(`Power cuts of POWER_SEED=${seed}`);

const closers: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

/** Serves what is put into it; counts what is fetched. */
async function fileServer(trigger: CutTrigger): Promise<(name: string, content: Buffer) => string> {
  const contents = new Map<string, Buffer>();
  const { url, close } = await listen(
    createServer((request, response) => {
      trigger.count('files fetched');
      response.end(contents.get(request.url ?? ''));
    }),
  );
  closers.push(close);
  return (name, content) => {
    contents.set(`/${name}`, content);
    return `${url}/${name}`;
  };
}

function report(name: string, run: PowerCutRun, count: number, startedMs: number): string {
  const seconds = ((Date.now() - startedMs) / 1_000).toFixed(1);
  return [
    `${name}: seed ${seed}, ${count} jobs, ${run.cuts.length} cuts, ${run.repeated} deliveries sent again, ${seconds} s`,
    ...run.cuts.map((cut) => `  cut ${cut}`),
  ].join('\n');
}

test(
  'everything accepted reaches its end, once, although the power is cut again and again',
  { timeout: 280_000 },
  async () => {
    const startedMs = Date.now();
    const trigger = new CutTrigger();
    const serve = await fileServer(trigger);
    // They live here, outside the power cut: they are the witnesses.
    const showpad = await startShowpadEmulator(emulated);
    closers.push(() => showpad.close());
    const elsewhere = { s3: nowhere, sqs: nowhere, dynamodb: nowhere, secretsManager: nowhere };
    const { endpoints, close } = await startAws('eu-west-1', elsewhere);
    closers.push(close);
    const subscriber = await subscribe({ endpoint: endpoints.sns, name: outcomeTopicName });
    closers.push(subscriber.close);
    let seen = 0;
    const count = async (): Promise<void> => {
      for (;;) {
        await showpad.changed();
        for (; seen < showpad.requests.length; seen += 1) trigger.count('requests to Showpad');
      }
    };
    count().catch(() => undefined);

    const events = tellEvents(
      seed,
      jobs,
      { sources: ['demo', 'purge'], stories: jobs * 0.26, pushes: jobs * 0.06, files: jobs * 0.12 },
      people,
      serve,
    );
    const secrets = [`whsec_${randomBytes(24).toString('base64')}`];
    const common = { adapter: 'cloudevents', secrets, division: divisionId };
    const run = await runThroughPowerCuts({
      settings: {
        ...settings,
        SHOWPAD_V4_URL: showpad.v4Url,
        SHOWPAD_V3_URL: showpad.v3Url,
        SHOWPAD_TOKEN: showpad.token,
        AWS_ENDPOINT_URL_SNS: endpoints.sns,
      },
      firstSettings: {
        SOURCES: JSON.stringify({
          demo: { ...common, onDelete: 'archive' },
          purge: { ...common, onDelete: 'delete' },
        }),
      },
      secrets: { demo: secrets[0] ?? '', purge: secrets[0] ?? '' },
      sendings: events.sendings,
      moments: momentsOf(seed, 4, Math.floor(events.sendings.length / 5), [
        'deliveries accepted',
        'requests to Showpad',
        'requests to Showpad',
        'files fetched',
      ]),
      trigger,
      onStart: (stop) => closers.push(stop),
    });
    const view = new PowerCutView(run.ready);
    closers.push(() => view.close());
    const left = await untilQuiet(view, 120_000);
    console.log(report('Power cuts', run, events.jobs, startedMs));
    expect([
      ...left,
      ...(await powerCutFindings(view, events, run)),
      ...(await outcomeFindings(view, await subscriber.take())),
      ...contractViolations(showpad),
    ]).toEqual([]);
    expect(run.cuts.length).toBe(5);
  },
);

test(
  "a Showpad inside the stack forgets nothing when the stack's power is cut",
  { timeout: 90_000 },
  async () => {
    const startedMs = Date.now();
    const trigger = new CutTrigger();
    const serve = await fileServer(trigger);
    const events = tellEvents(
      seed,
      40,
      { sources: ['demo'], stories: 20, pushes: 4, files: 8 },
      people.slice(0, 3),
      serve,
    );
    const run = await runThroughPowerCuts({
      settings,
      firstSettings: {},
      secrets: undefined,
      sendings: events.sendings,
      moments: momentsOf(seed, 1, Math.floor(events.sendings.length / 2), [
        'deliveries accepted',
        'files fetched',
      ]),
      trigger,
      onStart: (stop) => closers.push(stop),
    });
    const view = new PowerCutView(run.ready);
    closers.push(() => view.close());
    const left = await untilQuiet(view, 60_000);
    console.log(report('Power cut with the Showpad inside', run, run.accepted.size, startedMs));
    expect([...left, ...(await powerCutFindings(view, events, run))]).toEqual([]);
  },
);
