import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import type { InvocationResult } from '../../local/lambda.ts';
import { pdf, startConnector, type Connector } from '../connector.ts';

// A function of twenty seconds ends its work after ten, and begins nothing after five.
vi.setConfig({ testTimeout: 120_000 });

let connector: Connector;
let directory: string;
let lateMs = 0;
let polls: InvocationResult[] = [];
let longestMs = 0;
const log: string[] = [];
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'near-timeout-'));
  const templateFile = join(directory, 'template.yaml');
  const template = await readFile(new URL('../../template.yaml', import.meta.url), 'utf8');
  await writeFile(templateFile, template.replaceAll(/Timeout: 120$/gmu, 'Timeout: 20'));
  connector = await startConnector({
    templateFile,
    onLog: (line) => log.push(line),
    aroundInvocation: async (functionName, _event, invoke) => {
      if (functionName !== 'poll-processing') return invoke();
      const waitMs = lateMs;
      lateMs = 0;
      await delay(waitMs);
      const startedAt = Date.now();
      const result = await invoke();
      longestMs = Math.max(longestMs, Date.now() - startedAt);
      polls.push(result);
      return result;
    },
  });
});
afterAll(async () => {
  await connector.stop();
  await rm(directory, { recursive: true });
});
beforeEach(() => {
  polls = [];
  longestMs = 0;
});

async function publish(subjects: readonly string[]): Promise<string[]> {
  const sent = subjects.map(async (subject) => {
    const file = { url: connector.serve(`${subject}.pdf`, pdf(subject)), name: `${subject}.pdf` };
    const { body } = await connector.send({ type: 'asset.upsert', subject, data: { file } });
    return body.jobs[0]?.id ?? '';
  });
  const ids = await Promise.all(sent);
  await connector.stack.settled(110_000);
  return Promise.all(ids.map(async (id) => (await connector.job(id)).state));
}
const givenBack = (): unknown[] =>
  polls.flatMap((result) => {
    if (!result.ok) return [result.errorMessage];
    return (result.payload as { batchItemFailures: unknown[] }).batchItemFailures;
  });

test('messages under way when an invocation nears its end are put off in time, and spend no receive', async () => {
  const subjects = ['a', 'b', 'c', 'd', 'e', 'f'];
  const fault = connector.showpad.faults.add({
    match: { method: 'GET', path: /\/files\/[^/]+$/u, times: subjects.length },
    action: { kind: 'stall' },
  });
  expect(await publish(subjects)).toEqual(subjects.map(() => 'done'));
  expect(fault.hits).toBe(subjects.length);
  expect(givenBack()).toEqual([]);
  // A call that nobody answers would be given up only after fifteen seconds.
  expect(longestMs).toBeLessThan(14_500);
  expect(log.filter((line) => line.includes('timed out'))).toEqual([]);
});

test('a message that comes when too little time is left is not begun, and comes again at once', async () => {
  lateMs = 5_500;
  expect(await publish(['late'])).toEqual(['done']);
  expect(givenBack()).toHaveLength(1);
  expect(await connector.stack.deadLetters()).toEqual([]);
});
