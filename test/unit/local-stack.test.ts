import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { fileURLToPath } from 'node:url';
import { request } from 'undici';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { startAws } from '../../local/aws.ts';
import { startStack } from '../../local/stack.ts';
import type { StackOptions } from '../../local/stack-options.ts';
import type { Stack } from '../../local/stack.ts';
import { seen } from '../fixtures/local/functions/work.ts';

const fixture = (path: string): string =>
  fileURLToPath(new URL(`../fixtures/local/${path}`, import.meta.url));
const lines: string[] = [];
let stack: Stack;

const options = {
  processes: 'shared',
  templateFile: fixture('template.yaml'),
  functionsDirectory: fixture('functions'),
  showpad: {
    v4Url: 'http://127.0.0.1:1/v4',
    v3Url: 'http://127.0.0.1:1/api/v3',
    credentials: { token: 't' },
  },
  onLog: (line: string) => lines.push(line),
} as const satisfies StackOptions;

beforeEach(async () => {
  seen.length = 0;
  lines.length = 0;
  stack = await startStack(options);
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

it('holds the messages of a paused function back until it is resumed', async () => {
  await stack.pause('work');
  await send('held');
  expect(await stack.queueCounts()).toMatchObject({ work: { visible: 1, delayed: 0, inFlight: 0 } });
  expect(seen).toEqual([]);
  await stack.resume('work');
  await stack.settled();
  expect(seen).toEqual(['held']);
});

it('invokes a function with any event', async () => {
  expect(await stack.invoke('answer', { pathParameters: { how: 'text' } })).toEqual({
    ok: true,
    payload: 'plain',
  });
  expect(await stack.invoke('answer', {})).toMatchObject({
    ok: false,
    errorMessage: 'This answer is unknown.',
  });
  expect(lines).toHaveLength(1);
  await expect(stack.invoke('unknown', {})).rejects.toThrow('The template has no function unknown.');
});

it('names what outsiders need, and its demo source has a secret of its own', () => {
  expect(stack.buckets).toEqual({ upload: 'showpad-connector-upload-bucket' });
  expect(Object.keys(stack.queues)).toEqual(['work', 'workDeadLetter']);
  expect(stack.tableName).toBe('showpad-connector-table');
  expect(Buffer.from(stack.sources['demo']?.secret.replace('whsec_', '') ?? '', 'base64')).toHaveLength(32);
});

it('is the only one in its process', async () => {
  await expect(startStack(options)).rejects.toThrow('Another stack runs in this process.');
  expect(process.env['SECONDS_TO_WAIT']).toBe('30');
});

it('leaves nothing behind when it cannot start', async () => {
  await stack.stop();
  const failing = startStack({ ...options, functionsDirectory: fixture('nowhere') });
  await expect(failing).rejects.toThrow('nowhere/');
  expect(process.env['SECONDS_TO_WAIT']).toBeUndefined();
});

it('uses the AWS that the environment names, and takes over what an earlier stack left there', async () => {
  await stack.stop();
  const aws = await startAws('eu-west-1');
  vi.stubEnv('AWS_ENDPOINT_URL_S3', aws.endpoints.s3);
  vi.stubEnv('AWS_ENDPOINT_URL_SQS', aws.endpoints.sqs);
  vi.stubEnv('AWS_ENDPOINT_URL_DYNAMODB', aws.endpoints.dynamodb);
  vi.stubEnv('AWS_ENDPOINT_URL_SECRETS_MANAGER', aws.endpoints.secretsManager);
  vi.stubEnv('AWS_ENDPOINT_URL_SNS', aws.endpoints.sns);
  try {
    stack = await startStack(options);
    expect(stack.aws).toEqual({ ...aws.endpoints, events: expect.any(String) });
    await stack.stop();
    stack = await startStack(options);
    await send('again');
    await stack.settled();
    expect(seen).toEqual(['again']);
    await stack.stop();
  } finally {
    vi.unstubAllEnvs();
    await aws.close();
  }
});
