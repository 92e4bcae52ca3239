import { createServer } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { SQSClient, SendMessageCommand } from '@aws-sdk/client-sqs';
import type { SQSRecord } from 'aws-lambda';
import { mockClient } from 'aws-sdk-client-mock';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { bindWork, nameWork } from '../../lib/current-work.ts';
import { httpHandler, sqsHandler } from '../../lib/handlers.ts';
import { stepMessageSchema } from '../../lib/queues.ts';
import { getServices, resetServices } from '../../lib/services.ts';
import { listen } from '../../local/listen.ts';
import { recordLines, type Recording } from '../recorded-lines.ts';
import { call, invoke, stubEnvironment } from './invoke.ts';

const sqs = mockClient(SQSClient);
let recording: Recording;
beforeEach(() => {
  stubEnvironment({ POWERTOOLS_LOG_LEVEL: 'INFO' });
  recording = recordLines();
});
afterEach(async () => {
  recording.stop();
  sqs.reset();
  await resetServices();
  vi.unstubAllEnvs();
});

const [one, other] = ['1'.repeat(32), '2'.repeat(32)] as const;
const text = (stringValue: string) => ({ traceId: { stringValue, dataType: 'String' } });
const record = (jobId: string, messageAttributes: unknown = {}): Partial<SQSRecord> => ({
  messageId: `message-of-${jobId}`,
  body: JSON.stringify({ jobId, attempt: 0 }),
  eventSourceARN: 'arn:aws:sqs:eu-west-1:000000000000:foreign',
  attributes: { ApproximateReceiveCount: '1' } as SQSRecord['attributes'],
  messageAttributes: messageAttributes as SQSRecord['messageAttributes'],
});
const about = ['jobId', 'source', 'subject', 'traceId', 'assetId'] as const;
const told = () =>
  recording.lines.map((line) =>
    [line['message'], ...about.map((fact) => line[fact])].filter(Boolean).join(' '),
  );

/** Learns what its job is about while the others do, and fails where it is told to. */
const handler = sqsHandler(stepMessageSchema, async ({ jobId }, { services: { logger } }) => {
  logger.info('begun');
  await pause(jobId === 'a' ? 10 : 1);
  nameWork({ source: 'dam', subject: `subject-of-${jobId}` });
  await bindWork({ assertMayWrite: () => undefined }, async () => {
    nameWork({ assetId: `asset-of-${jobId}` });
    await pause(5);
  });
  if (jobId === 'b') throw new Error('This one is poison.');
  logger.info('over', { assetId: 'newer' });
});

describe('each line of a message', () => {
  it('says what is known of its own job by then, whoever else is under way in the container', async () => {
    await invoke(handler, { Records: [record('a', text(one)), record('b', text(other)), record('c')] });
    expect(told().toSorted()).toEqual([
      `begun a ${one}`,
      `begun b ${other}`,
      'begun c',
      `message failed b dam subject-of-b ${other} asset-of-b`,
      `over a dam subject-of-a ${one} newer`,
      'over c dam subject-of-c newer',
    ]);
  });

  it('tells nothing of the message before, and none outside any message tells of one', async () => {
    await invoke(handler, { Records: [record('a', text(one))] });
    nameWork({ subject: 'nobody asked' });
    getServices().logger.info('alone');
    await invoke(handler, { Records: [record('c')] });
    expect(told().slice(2)).toEqual(['alone', 'begun c', 'over c dam subject-of-c newer']);
  });

  it('carries the trace also where the message cannot be read', async () => {
    await invoke(handler, { Records: [{ ...record('a', text(one)), body: 'poison' }] });
    expect(told()).toEqual([`message failed ${one}`]);
  });

  it('carries job and trace also where there was no time to begin', async () => {
    await invoke(handler, { Records: [record('a', text(one))] }, 1);
    expect(told()).toEqual([`message not begun a ${one}`]);
  });

  it.each([
    ['an attribute of control characters', text(`${one.slice(2)}\n\u0000`)],
    ['an attribute of 10 KB', text('1'.repeat(10_000))],
    ['an attribute of zeros', text('0'.repeat(32))],
    ['an attribute in upper case', text('A'.repeat(32))],
    ['an attribute of bytes', { traceId: { binaryValue: 'AAAA', dataType: 'Binary' } }],
    ['no attributes at all', undefined],
  ])('has no trace where the message has %s', async (_what, attributes) => {
    await invoke(handler, { Records: [record('c', attributes)] });
    expect(told()).toEqual(['begun c', 'over c dam subject-of-c newer']);
  });
});

describe('the line of a request that failed', () => {
  const failing = httpHandler(() => Promise.reject(new Error('Nobody knows why.')));
  const root = (id: string) => `Root=1-${id.slice(0, 8)}-${id.slice(8)};Parent=53995c3f42cd8ad8;Sampled=1`;
  const traceparent = `00-${one}-00f067aa0ba902b7-01`;

  it.each([
    ['its traceparent', { traceparent, 'x-amzn-trace-id': root(other) }, '', one],
    [
      "X-Ray's header where the traceparent is none",
      { traceparent: 'x', 'x-amzn-trace-id': root(one) },
      '',
      one,
    ],
    ["the invocation's trace", { 'x-amzn-trace-id': 'Root=\u0000' }, root(other), other],
    ['no trace where nothing names one', {}, '', undefined],
  ])('carries %s', async (_what, headers, invocation, expected) => {
    vi.stubEnv('_X_AMZN_TRACE_ID', invocation);
    expect(await call(failing, { headers })).toMatchObject({ statusCode: 500 });
    expect(recording.lines).toMatchObject([{ message: 'request failed', error: { name: 'Error' } }]);
    expect(recording.lines[0]?.['traceId']).toBe(expected);
  });
});

describe('the log', () => {
  it("keeps to our own level, not to Lambda's, which lets the metrics pass", () => {
    vi.stubEnv('AWS_LAMBDA_LOG_LEVEL', 'DEBUG');
    const { logger } = getServices();
    logger.debug('not asked for');
    logger.info('asked for');
    expect(told()).toEqual(['asked for']);
  });

  it('has in each line what finds it, and nothing that only costs', async () => {
    vi.stubEnv('_X_AMZN_TRACE_ID', 'Root=1-4bf92f35-77b34da6a3ce929d0e0e4736;Sampled=1');
    await invoke(handler, { Records: [record('a', text(one))] });
    expect(Object.keys(recording.lines.at(-1) ?? {}).filter((key) => key !== 'cold_start')).toEqual([
      'level',
      'message',
      'timestamp',
      'jobId',
      'traceId',
      'source',
      'subject',
      'assetId',
      'service',
      'function_name',
      'function_request_id',
      'xray_trace_id',
    ]);
  });
});

describe('a message of ours', () => {
  const job = { id: 'job-1', source: 'dam' };

  it('carries the trace of its job as an attribute', async () => {
    sqs.on(SendMessageCommand).resolves({});
    await getServices().queues.send('poll', { ...job, traceId: one }, { attempt: 0 });
    await getServices().queues.send('poll', job, { attempt: 0 });
    expect(sqs.commandCalls(SendMessageCommand).map(({ args }) => args[0].input.MessageAttributes)).toEqual([
      { traceId: { DataType: 'String', StringValue: one } },
      undefined,
    ]);
  });

  // SQS keeps the header with the message. https://docs.aws.amazon.com/xray/latest/devguide/xray-services-sqs.html
  it("is sent under X-Ray's header of the invocation, without us", async () => {
    sqs.restore();
    const seen: unknown[] = [];
    const server = createServer((request, response) => {
      seen.push(request.headers['x-amzn-trace-id']);
      response.writeHead(400, { 'content-type': 'application/x-amz-json-1.0' }).end('{}');
    });
    const { url, close } = await listen(server);
    const header = 'Root=1-4bf92f35-77b34da6a3ce929d0e0e4736;Parent=53995c3f42cd8ad8;Sampled=1';
    stubEnvironment({
      POLL_QUEUE_URL: `${url}/000000000000/poll`,
      AWS_ENDPOINT_URL_SQS: url,
      AWS_LAMBDA_FUNCTION_NAME: 'poll-processing',
    });
    for (const current of [header, header.replace('1-4', '1-5')]) {
      vi.stubEnv('_X_AMZN_TRACE_ID', current);
      await getServices()
        .queues.send('poll', job, { attempt: 0 })
        .catch(() => undefined);
    }
    await close();
    expect(seen).toEqual([header, header.replace('1-4', '1-5')]);
  });
});
