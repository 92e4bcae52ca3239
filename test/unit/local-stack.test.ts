import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { fileURLToPath } from 'node:url';
import { request } from 'undici';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startStack } from '../../local/stack.ts';
import type { Stack } from '../../local/stack.ts';
import { seen } from '../fixtures/local/functions/work.ts';

const fixture = (path: string): string =>
  fileURLToPath(new URL(`../fixtures/local/${path}`, import.meta.url));
const lines: string[] = [];
let stack: Stack;

beforeEach(async () => {
  seen.length = 0;
  lines.length = 0;
  stack = await startStack({
    processes: 'shared',
    templateFile: fixture('template.yaml'),
    functionsDirectory: fixture('functions'),
    showpad: {
      v4Url: 'http://127.0.0.1:1/v4',
      v3Url: 'http://127.0.0.1:1/api/v3',
      credentials: { token: 't' },
    },
    onLog: (line) => lines.push(line),
  });
});
afterEach(async () => {
  await stack.stop();
});

const send = async (body: string): Promise<void> => {
  await stack.clients.sqs.send(new SendMessageCommand({ QueueUrl: stack.queues['work'], MessageBody: body }));
};

it('settles only when delayed follow-up messages are handled too', async () => {
  await send('2 more');
  await stack.settled();
  expect(seen).toEqual(['2 more', '1 more', '0 more']);
});

it('moves a message that keeps failing to its dead-letter queue, where it can be read again and again', async () => {
  await send('fail');
  await expect(stack.settled(300)).rejects.toThrow('WorkQueue has 0 visible, 0 delayed, 1 in flight');
  await stack.redeliver();
  await expect(stack.settled(300)).rejects.toThrow('1 in flight');
  await stack.redeliver();
  await stack.settled();
  expect(seen).toEqual(['fail', 'fail']);
  const expected = [expect.objectContaining({ queue: 'WorkDeadLetterQueue', body: 'fail' })];
  expect(await stack.deadLetters()).toEqual(expected);
  expect(await stack.deadLetters()).toEqual(expected);
});

it('gives the functions the environment of the template and takes it back at the end', async () => {
  const { body } = await request(`${stack.apiUrl}/answer/environment`);
  expect(await body.json()).toEqual({
    greeting: 'hello from eu-west-1, table showpad-connector-table',
    memory: '1024',
  });
  expect(process.env['SECONDS_TO_WAIT']).toBe('30');
  await stack.stop();
  expect(process.env['SECONDS_TO_WAIT']).toBeUndefined();
});
