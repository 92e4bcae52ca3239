import { ReceiveMessageCommand, DeleteMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { jobId } from '../../lib/jobs.ts';
import type { AroundInvocation } from '../../local/lambda.ts';
import { md5, pdf, startConnector, type Connector } from '../connector.ts';
import { assetKey, hardshipsOf, jobKey, type Hardships } from '../integration/hardships.ts';
import { putManifest, readResults, type ImportView } from '../manifest-import.ts';
import { watchAwsCalls } from './aws-calls.ts';
import { Invocation } from './invocation.ts';
import { Run } from './run.ts';
import { sampled } from './sampled.ts';

const died = { ok: false, errorType: 'Runtime.ExitError', errorMessage: 'The process was killed.' } as const;
const workers = ['import-manifest', 'stage-binary', 'upload-asset', 'update-metadata'];

let connector: Connector;
let hardships: Hardships;
let unwatch: () => void;
let run = new Run('demo', 'undisturbed');

beforeAll(async () => {
  const { resetServices } = await import('../../lib/services.ts');
  const aroundInvocation: AroundInvocation = async (functionName, event, invoke) => {
    if (functionName !== 'import-manifest') return invoke();
    await resetServices();
    const invocation = new Invocation(functionName, event, run.fateOf);
    return Promise.race([invocation.run(invoke), invocation.ended.then(() => died)]);
  };
  connector = await startConnector({ aroundInvocation, onLog: () => undefined });
  hardships = hardshipsOf(connector);
  unwatch = watchAwsCalls();
});
afterAll(async () => {
  vi.useRealTimers();
  unwatch();
  await connector.stop();
});

/** Hands over what waits for import-manifest, again and again where it dies, as its queue would, until nothing does. */
async function handOver(): Promise<void> {
  const { sqs } = connector.stack.clients;
  const QueueUrl = connector.stack.queues['manifest'];
  for (;;) {
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 0 }));
    if (Messages.length === 0) return;
    for (const { Body: body = '', ReceiptHandle } of Messages) {
      for (let receives = 1, isDone = false; !isDone; receives += 1) {
        const attributes = { ApproximateReceiveCount: String(receives), SentTimestamp: String(Date.now()) };
        const eventSourceARN = 'arn:aws:sqs:eu-west-1:000000000000:elsewhere';
        const record = { messageId: 'm', receiptHandle: 'r', body, attributes, eventSourceARN };
        const result = await connector.stack.invoke('import-manifest', { Records: [record] });
        // Where it was killed among calls side by side, its last word may still be heard.
        isDone = result.ok && JSON.stringify(result.payload) === '{"batchItemFailures":[]}';
        if (receives > 3) throw new Error('It dies each time.');
      }
      await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
    }
  }
}

/** A library where one row is right, one changes its text, and one is new: as the table knows it. */
async function scene(name: string, asset: object): Promise<string> {
  for (const kind of ['right', 'text']) {
    await hardships.set(assetKey(`${kind}-${name}`), { ...asset, subject: `${kind}-${name}` });
  }
  const [url, sum] = [connector.serve('kill.pdf', pdf('kill')), md5(pdf('kill'))];
  const rows = [
    `right-${name},${url},${sum},one`,
    `text-${name},${url},${sum},two`,
    `new-${name},${url},,one`,
  ];
  return putManifest(connector, `subject,url,md5,description\n${rows.join('\n')}\n`);
}

async function problems(
  name: string,
  id: string,
  asset: { desired: { generation: number } },
): Promise<string[]> {
  const found: string[] = [];
  const passTime = (): unknown => vi.setSystemTime(Date.now() + 60_000);
  const ids = [1, 2, 3].map((row) => jobId('demo', `import/${id}/${row}`));
  const jobs = await Promise.all(ids.map((job) => hardships.read(jobKey(job))));
  const made = jobs.map((job) => job !== undefined);
  if (JSON.stringify(made) !== '[false,true,true]') found.push(`the jobs are ${JSON.stringify(made)}`);
  for (const [index, job] of jobs.entries()) {
    if (job !== undefined) await hardships.set(jobKey(ids[index] ?? ''), { state: 'done' });
  }
  passTime();
  await handOver();
  const { body: view } = await connector.get<ImportView>(`/imports/${id}`);
  const { done, unchanged, open } = view.rows;
  if (view.state !== 'done' || done !== 2 || unchanged !== 1 || open !== 0) {
    found.push(`the import is ${view.state}: ${JSON.stringify(view.rows)}, ${view.error ?? ''}`);
  } else {
    const results = await readResults(view);
    const shown = results.map(({ row, change }) => `${row} ${change}`).join();
    // What was to be made for the third was never made here: its job was ended by hand.
    if (shown !== '1 unchanged,2 metadata,3 metadata') found.push(`the results are ${shown}`);
  }
  const right = (await hardships.read(assetKey(`right-${name}`))) as typeof asset | undefined;
  const laid = (right?.desired.generation ?? 0) - asset.desired.generation;
  if (laid !== 1) found.push(`the wishes of the row that is right were laid ${laid} times`);
  await hardships.lose('stage');
  await hardships.lose('metadata');
  return found;
}

test(
  'an import goes on, and no row is taken twice, whichever of its calls a turn dies at',
  { timeout: 240_000 },
  async () => {
    const url = connector.serve('kill.pdf', pdf('kill'));
    const data = { file: { url, name: 'kill.pdf' }, metadata: { description: 'one' } };
    await connector.finish({ type: 'asset.upsert', subject: 'model', data });
    const {
      pk: _pk,
      sk: _sk,
      ...asset
    } = (await hardships.read(assetKey('model'))) as never as {
      pk: string;
      sk: string;
      desired: { generation: number };
    };
    for (const worker of workers) await connector.stack.pause(worker);
    vi.useFakeTimers({ toFake: ['Date'] });

    const undisturbed = await scene('undisturbed', asset);
    await handOver();
    expect(await problems('undisturbed', undisturbed, asset)).toEqual([]);
    const points = sampled([...run.points], 4);
    const broken: string[] = [];
    let kills = 0;
    // To die after a call is to die before the next one.
    for (const [index, point] of points.entries()) {
      run = new Run('demo', point);
      run.decide = ({ label }, occurrence) =>
        `${label} #${occurrence}` === point ? { kind: 'kill', moment: 'before' } : { kind: 'none' };
      const id = await scene(String(index), asset);
      await handOver();
      broken.push(...(await problems(String(index), id, asset)).map((one) => `before ${point}: ${one}`));
      if (run.faults.length > 0) kills += 1;
    }
    console.log(`Kill points of an import: ${points.length} calls, ${kills} kills, ${broken.length} broken`);
    expect(broken).toEqual([]);
    expect(kills).toBe(points.length);
  },
);
