import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { httpHandler, scheduleHandler, sqsHandler } from '../../lib/handlers.ts';
import { jsonResponse } from '../../lib/problem.ts';
import { stepMessageSchema } from '../../lib/queues.ts';
import { getServices, resetServices } from '../../lib/services.ts';
import { metricLines, metricsOf } from '../metric-lines.ts';
import { call, deliver, invoke, stubEnvironment } from './invoke.ts';

let log: string[] = [];
beforeEach(() => {
  log = [];
  stubEnvironment({ POWERTOOLS_METRICS_DISABLED: 'false', POWERTOOLS_METRICS_NAMESPACE: 'tests' });
  vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => log.push(String(chunk)) > 0);
});
afterEach(async () => {
  vi.restoreAllMocks();
  await resetServices();
  vi.unstubAllEnvs();
});

const note = (): object => {
  getServices().telemetry.deliveryRefused('demo', 401, 'It is not signed.');
  return {};
};
const noteAndFail = (): Promise<never> => {
  note();
  return Promise.reject(new Error('It went wrong.'));
};
const message = JSON.stringify({ jobId: 'job_1', attempt: 0 });

it.each([
  ['a request is answered', () => call(httpHandler(() => Promise.resolve(jsonResponse(200, note()))))],
  ['a request fails', () => call(httpHandler(noteAndFail))],
  ['a sweep fails', () => invoke(scheduleHandler(noteAndFail), {}).catch(() => undefined)],
  ['a message fails', () => deliver(sqsHandler(stepMessageSchema, noteAndFail), [message])],
])('what an invocation has to report is written in its end when %s', async (_what, act) => {
  await act();
  expect(metricLines(log).flatMap(metricsOf)).toEqual([
    {
      namespace: 'tests',
      name: 'DeliveriesRefused',
      unit: 'Count',
      dimensions: { service: 'test' },
      values: [1],
    },
  ]);
});

it('a batch reports once for all of its messages', async () => {
  const handler = sqsHandler(stepMessageSchema, () => {
    note();
    return Promise.resolve();
  });
  await deliver(handler, [message, message, message]);
  expect(metricLines(log)).toHaveLength(1);
  expect(metricLines(log).flatMap(metricsOf)).toMatchObject([{ values: [3] }]);
});
