import { ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import { ReceiveMessageCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { AroundInvocation } from '../../local/lambda.ts';
import { startConnector, type Connector } from '../connector.ts';
import { assetKey, hardshipsOf, hoursAgo, jobKey, type Hardships } from '../integration/hardships.ts';
import { watchAwsCalls } from './aws-calls.ts';
import { Invocation } from './invocation.ts';
import { Run } from './run.ts';
import { sampled } from './sampled.ts';

const died = { ok: false, errorType: 'Runtime.ExitError', errorMessage: 'The process was killed.' } as const;
const untilNextSweepMs = 360_000;

let connector: Connector;
let hardships: Hardships;
let unwatch: () => void;
/** The sweeps that are watched. */
let run = new Run('sweep', 'undisturbed');

beforeAll(async () => {
  const { resetServices } = await import('../../lib/services.ts');
  const aroundInvocation: AroundInvocation = async (functionName, event, invoke) => {
    if (functionName !== 'sweep') return invoke();
    await resetServices();
    const invocation = new Invocation(functionName, event, run.fateOf);
    return Promise.race([invocation.run(invoke), invocation.ended.then(() => died)]);
  };
  connector = await startConnector({ aroundInvocation, onLog: () => undefined });
  hardships = hardshipsOf(connector);
  await connector.stack.pause('stage-binary');
  unwatch = watchAwsCalls();
  // Time goes on by hand only: files, letters and leases are as old as the clock says.
  vi.useFakeTimers({ toFake: ['Date'] });
});
afterAll(async () => {
  vi.useRealTimers();
  unwatch();
  await connector.stop();
});

const passTime = (ms: number) => vi.setSystemTime(Date.now() + ms);

/** One thing of every kind that a sweep finds, copied from a job that was really accepted. */
async function scene(name: string, job: object, asset: object): Promise<void> {
  const { clients, queues, buckets } = connector.stack;
  await clients.s3.send(
    new PutObjectCommand({ Bucket: buckets['staging'], Key: `staged/half-${name}/orphan`, Body: 'left' }),
  );
  // No stager is so old.
  passTime(2 * 3_600_000);
  const jobOf = (kind: string, changes: object = {}) =>
    hardships.set(jobKey(`${kind}-${name}`), {
      ...job,
      id: `${kind}-${name}`,
      subject: `${kind}-${name}`,
      key: `demo:${kind}-${name}`,
      createdAt: hoursAgo(30),
      updatedAt: hoursAgo(30),
      ...changes,
    });
  const letterOf = (kind: string) =>
    clients.sqs.send(
      new SendMessageCommand({
        QueueUrl: queues['stageDeadLetter'],
        MessageBody: JSON.stringify({ jobId: `${kind}-${name}`, attempt: 0 }),
      }),
    );
  for (const kind of ['lost', 'dead', 'retried']) {
    await hardships.set(assetKey(`${kind}-${name}`), { ...asset, subject: `${kind}-${name}` });
  }
  await jobOf('lost');
  await jobOf('half');
  await jobOf('dead', { updatedAt: hoursAgo(0) });
  await jobOf('retried', { state: 'done' });
  await letterOf('dead');
  await letterOf('retried');
}

/** What is not as it should be after the sweeps; takes the scene away. */
async function problems(name: string): Promise<string[]> {
  const { clients, queues, buckets } = connector.stack;
  const found: string[] = [];
  const endOf = async (kind: string) => {
    const { state, error } = (await hardships.read(jobKey(`${kind}-${name}`))) ?? {};
    return `${String(state)} ${String((error as { code?: string } | null)?.code)}`;
  };
  const ends = { lost: await endOf('lost'), half: await endOf('half'), dead: await endOf('dead') };
  const wanted = { lost: 'received undefined', half: 'failed NOT_ACCEPTED', dead: 'failed DEAD_LETTER' };
  if (JSON.stringify(ends) !== JSON.stringify(wanted)) found.push(JSON.stringify(ends));
  const { Messages: sent = [] } = await clients.sqs.send(
    new ReceiveMessageCommand({ QueueUrl: queues['stage'], MaxNumberOfMessages: 10, WaitTimeSeconds: 0 }),
  );
  const isSent = sent.length > 0 && sent.every(({ Body = '' }) => Body.includes(`"lost-${name}"`));
  // One that died between sending and noting sends once more, which harms nobody.
  if (!isSent || sent.length > 2) found.push(`sent ${sent.map(({ Body }) => Body).join()}`);
  const letters = (await connector.stack.deadLetters()).map(({ body }) => body);
  if (letters.length !== 1 || !letters[0]?.includes(`"dead-${name}"`))
    found.push(`letters ${letters.join()}`);
  const { Contents = [] } = await clients.s3.send(new ListObjectsV2Command({ Bucket: buckets['staging'] }));
  if (Contents.length > 0) found.push(`${Contents.length} staged files are left`);
  await hardships.lose('stage');
  await hardships.lose('stageDeadLetter');
  await hardships.set(jobKey(`lost-${name}`), { state: 'done' });
  return found;
}

test(
  'the next sweep does what is left, whichever of its calls a sweep dies at',
  { timeout: 240_000 },
  async () => {
    const data = { file: { url: 'https://example.com/a.pdf', name: 'A.pdf' } };
    const { body } = await connector.send({ type: 'asset.upsert', subject: 'model', data });
    const { pk: _jobPk, sk: _jobSk, ...job } = (await hardships.read(jobKey(body.jobs[0]?.id ?? ''))) ?? {};
    const { pk: _assetPk, sk: _assetSk, ...asset } = (await hardships.read(assetKey('model'))) ?? {};
    await hardships.set(jobKey(body.jobs[0]?.id ?? ''), { state: 'done' });
    await hardships.lose('stage');

    await scene('undisturbed', job, asset);
    await hardships.sweep();
    const points = sampled([...run.points], 3);
    expect(await problems('undisturbed')).toEqual([]);
    const broken: string[] = [];
    let kills = 0;
    // To die after a call is to die before the next one.
    for (const [index, point] of points.entries()) {
      await scene(String(index), job, asset);
      run = new Run('sweep', point);
      run.decide = ({ label }, occurrence) =>
        `${label} #${occurrence}` === point ? { kind: 'kill', moment: 'before' } : { kind: 'none' };
      const { ok } = await hardships.invokeSweep();
      if (!ok) kills += 1;
      // What it had asked for before it died is answered by now.
      await connector.stack.queueCounts();
      run = new Run('sweep', 'after');
      passTime(untilNextSweepMs);
      await hardships.sweep();
      passTime(untilNextSweepMs);
      broken.push(...(await problems(String(index))).map((problem) => `before ${point}: ${problem}`));
    }
    console.log(
      `Kill points of the sweeper: ${points.length} calls to the outside, ${kills} kills, ${broken.length} broken`,
    );
    expect(broken).toEqual([]);
    expect(kills).toBe(points.length);
  },
);
