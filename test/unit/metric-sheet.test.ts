import { Metrics } from '@aws-lambda-powertools/metrics';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { MetricSheet } from '../../lib/metric-sheet.ts';
import { metricLines, metricsOf } from '../metric-lines.ts';

let log: string[] = [];
beforeEach(() => {
  log = [];
  vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => log.push(String(chunk)) > 0);
});
afterEach(() => {
  vi.restoreAllMocks();
});

const newSheet = (): MetricSheet =>
  new MetricSheet(new Metrics({ namespace: 'tests', serviceName: 'connector', singleMetric: false }));

/** What has come to CloudWatch, by name and part. */
const published = () =>
  metricLines(log)
    .flatMap(metricsOf)
    .map(({ name, dimensions: { service: _service, ...own }, values }) => [name, own, values]);

describe('the metrics of an invocation', () => {
  it('are one line for all that are not split, and one for each part of the others', () => {
    const sheet = newSheet();
    sheet.record('EventsAccepted', 1, null);
    sheet.record('JobsDone', 1, null);
    sheet.record('StepsPutOff', 1, 'upload');
    sheet.record('ShowpadMilliseconds', 12, 'read');
    sheet.record('ShowpadErrors', 1, 'read');
    sheet.record('ShowpadMilliseconds', 30, 'write');
    expect(log).toEqual([]);
    sheet.publish();
    expect(metricLines(log)).toHaveLength(4);
    expect(published()).toEqual([
      ['EventsAccepted', {}, [1]],
      ['JobsDone', {}, [1]],
      ['StepsPutOff', { step: 'upload' }, [1]],
      ['ShowpadMilliseconds', { operation: 'read' }, [12]],
      ['ShowpadErrors', { operation: 'read' }, [1]],
      ['ShowpadMilliseconds', { operation: 'write' }, [30]],
    ]);
  });

  it('add up, keep every value, or keep the last one, as the metric wants it', () => {
    const sheet = newSheet();
    for (const value of [3, 4]) {
      sheet.record('BytesStaged', value, null);
      sheet.record('SecondsToUsable', value, null);
      sheet.record('ShowpadRateV4', value, null);
    }
    sheet.publish();
    expect(published()).toEqual([
      ['BytesStaged', {}, [7]],
      ['SecondsToUsable', {}, [3, 4]],
      ['ShowpadRateV4', {}, [4]],
    ]);
  });

  it('tell failures by reason and, for alarms, as a whole, in one line', () => {
    const sheet = newSheet();
    sheet.record('JobsFailed', 1, 'SOURCE_NOT_FOUND');
    sheet.record('JobsFailed', 1, 'SOURCE_NOT_FOUND');
    sheet.publish();
    expect(metricLines(log)).toHaveLength(1);
    expect(published()).toEqual([
      ['JobsFailed', {}, [2]],
      ['JobsFailed', { reason: 'SOURCE_NOT_FOUND' }, [2]],
    ]);
  });

  it('come whole and in the right place, however many values there are', () => {
    const sheet = newSheet();
    const values = Array.from({ length: 250 }, (_none, index) => index);
    for (const value of values) {
      sheet.record('ShowpadMilliseconds', value, 'read');
      sheet.record('ShowpadErrors', 1, 'read');
    }
    sheet.publish();
    const told = metricLines(log).flatMap(metricsOf);
    expect(told.every(({ dimensions }) => dimensions['operation'] === 'read')).toBe(true);
    const allOf = (name: string) => told.filter((one) => one.name === name).flatMap((one) => one.values);
    expect(allOf('ShowpadMilliseconds')).toEqual(values);
    expect(allOf('ShowpadErrors')).toEqual([250]);
  });

  it('leave out what is no number, and round what has too many digits', () => {
    const sheet = newSheet();
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, 1 / 3])
      sheet.record('SecondsToUsable', value, null);
    sheet.publish();
    expect(published()).toEqual([['SecondsToUsable', {}, [0.333]]]);
  });

  it('are told once, and not at all when there are none', () => {
    const sheet = newSheet();
    sheet.publish();
    expect(log).toEqual([]);
    sheet.record('JobsDone', 1, null);
    sheet.publish();
    sheet.publish();
    expect(published()).toEqual([['JobsDone', {}, [1]]]);
  });
});
