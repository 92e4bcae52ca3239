import { fileURLToPath } from 'node:url';
import type { AwsEndpoints } from '../../local/aws.ts';
import type { AwsProcessSettings } from '../../local/aws-process.ts';
import { startChild, trusted } from '../../local/child.ts';
import { interleave } from '../interleave.ts';
import type { Report, Row } from '../report.ts';
import { median, quantile } from '../statistics.ts';
import type { Batch, IngestSettings } from './ingest-process.ts';

export interface IngestOptions {
  /** For each contestant and round. */
  readonly requests: number;
  readonly rounds: number;
  readonly onProgress: (line: string) => void;
}

const warmUpRequests = 200;
const ignoreLog = (): void => undefined;
const contestants = [
  { method: 'accept', name: 'receive-event, accepted (202)' },
  { method: 'refuse', name: 'receive-event, forged (401)' },
  { method: 'bare', name: 'bare handler: verify and parse' },
] as const;

/**
 * Sends events to a warm receive-event one after the other, as one container gets them, in turns with a handler
 * that only verifies and parses. AWS is embedded, in a process of its own.
 */
export async function benchIngest({ requests, rounds, onProgress }: IngestOptions): Promise<Report> {
  const aws = await startChild({
    name: 'aws',
    file: fileURLToPath(new URL('../../local/aws-process.ts', import.meta.url)),
    settings: { region: 'eu-west-1', given: {} } satisfies AwsProcessSettings,
    ready: trusted<AwsEndpoints>(),
    onLog: ignoreLog,
    onEnd: console.error,
  });
  try {
    const worker = await startChild({
      name: 'ingest',
      file: fileURLToPath(new URL('ingest-process.ts', import.meta.url)),
      settings: { endpoints: aws.ready } satisfies IngestSettings,
      ready: trusted<null>(),
      onLog: ignoreLog,
      onEnd: console.error,
    });
    try {
      const call = (method: string, count: number): Promise<Batch> =>
        worker.call(trusted<Batch>(), method, count);
      for (const { method } of contestants) await call(method, warmUpRequests);
      const entered = contestants.map(({ method, name }) => ({
        name,
        run: async () => {
          const batch = await call(method, requests);
          onProgress(`${name}: ${median(batch.latenciesMs).toFixed(3)} ms`);
          return batch;
        },
      }));
      const [accepted, ...others] = await interleave(entered, rounds);
      if (accepted === undefined) throw new Error('Nothing was measured.');
      const bare = others.at(-1)?.samples ?? [];
      return {
        title: `ingest: warm, one event of about 850 bytes a request, one request at a time, ${rounds} × ${requests} requests`,
        rows: [accepted, ...others].map(({ name, samples }) => toRow(name, samples, bare)),
        notes: splitOf(accepted.samples),
      };
    } finally {
      await worker.stop();
    }
  } finally {
    await aws.stop();
  }
}

const latencies = (batches: readonly Batch[]): number[] => batches.flatMap(({ latenciesMs }) => latenciesMs);
const cpuMsPerRequest = (batches: readonly Batch[]): number =>
  median(batches.map(({ cpuMs, latenciesMs }) => cpuMs / latenciesMs.length));

function toRow(name: string, batches: readonly Batch[], bare: readonly Batch[]): Row {
  const values = latencies(batches);
  const perSecond = batches.map(
    ({ latenciesMs }) =>
      (1_000 * latenciesMs.length) / latenciesMs.reduce((sum, latency) => sum + latency, 0),
  );
  return {
    handler: name,
    'requests/s': Math.round(median(perSecond)),
    'p50 ms': median(values),
    'p99 ms': quantile(values, 0.99),
    'CPU ms': cpuMsPerRequest(batches),
    'CPU ÷ bare': batches === bare ? null : cpuMsPerRequest(batches) / cpuMsPerRequest(bare),
  };
}

/** Where an accepted request spends its time: waiting for each AWS operation, and outside of them. */
function splitOf(batches: readonly Batch[]): string[] {
  const requests = latencies(batches).length;
  const calls = batches.flatMap((batch) => batch.calls);
  const mean = latencies(batches).reduce((sum, latency) => sum + latency, 0) / requests;
  const inCalls = calls.reduce((sum, { milliseconds }) => sum + milliseconds, 0) / requests;
  const operations = Object.entries(Object.groupBy(calls, ({ operation }) => operation));
  const parts = operations.map(([operation, made = []]) => {
    const count = made.length / requests;
    const milliseconds = made.reduce((sum, call) => sum + call.milliseconds, 0) / requests;
    return `${count.toFixed(1)} × ${operation} ${milliseconds.toFixed(2)}`;
  });
  return [
    `Of ${mean.toFixed(2)} ms a request on average, ${inCalls.toFixed(2)} ms are AWS calls under way (${parts.join(', ')}) and ${(mean - inCalls).toFixed(2)} ms are ours.`,
    'The embedded AWS answers slower than its network would: compare CPU, and the milliseconds that are ours.',
  ];
}
