import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics } from '@aws-lambda-powertools/metrics';
import { afterEach, expect, it, vi } from 'vitest';
import { MetricSheet } from '../../lib/metric-sheet.ts';
import { ShowpadTelemetry } from '../../lib/showpad-telemetry.ts';
import { metricLines, metricsOf } from '../metric-lines.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

/** The metrics that come of what is told, with their part and value. */
function metricsAfter(tell: (telemetry: ShowpadTelemetry) => void): string[] {
  const log: string[] = [];
  vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => log.push(String(chunk)) > 0);
  const sheet = new MetricSheet(new Metrics({ namespace: 'tests', serviceName: 'connector' }));
  tell(new ShowpadTelemetry(new Logger({ logLevel: 'SILENT' }), sheet));
  sheet.publish();
  return metricLines(log)
    .flatMap(metricsOf)
    .map(({ name, dimensions: { service: _service, ...own }, values }) =>
      [name, ...Object.values(own), ...values].join(' '),
    )
    .toSorted();
}

it.each([
  ['an answer', 'v4', 200, ['ShowpadCallsV4 1', 'ShowpadMilliseconds read 7']],
  ['a 404, which tells what is there', 'v4', 404, ['ShowpadCallsV4 1', 'ShowpadMilliseconds read 7']],
  ['a 429', 'v3', 429, ['ShowpadCallsV3 1', 'ShowpadMilliseconds read 7', 'ShowpadThrottles 1']],
  ['a 400', 'v4', 400, ['ShowpadCallsV4 1', 'ShowpadErrors read 1', 'ShowpadMilliseconds read 7']],
  ['a 503', 'v4', 503, ['ShowpadCallsV4 1', 'ShowpadErrors read 1', 'ShowpadMilliseconds read 7']],
  ['no answer', 'v3', null, ['ShowpadCallsV3 1', 'ShowpadErrors read 1', 'ShowpadMilliseconds read 7']],
  ['what goes to an upload link', null, 403, ['ShowpadErrors read 1', 'ShowpadMilliseconds read 7']],
] as const)('%s of Showpad is counted as what it is', (_what, api, status, metrics) => {
  expect(metricsAfter((telemetry) => telemetry.showpadAnswered(api, 'GET /assets', status, 7))).toEqual(
    metrics,
  );
});

it('the pace of an invocation is the last one it knew', () => {
  const metrics = metricsAfter((telemetry) => {
    for (const rate of [50, 25]) telemetry.showpadPaced('v4', rate);
    telemetry.showpadPaced('v3', 10);
    telemetry.showpadCallsLeft(900, 'enough');
    telemetry.showpadCallsLeft(899, 'enough');
    telemetry.showpadPaused('v4', 12, 'a 429');
    telemetry.showpadPaused('v3', 3, 'a 429');
  });
  expect(metrics).toEqual([
    'ShowpadCallsLeft 899',
    'ShowpadPauseSeconds 15',
    'ShowpadPauses 2',
    'ShowpadRateV3 10',
    'ShowpadRateV4 25',
  ]);
});
