import { expect, it } from 'vitest';
import { definitionOf, metricDefinitions, type MetricName } from '../../lib/metric-definitions.ts';
import { queueNames } from '../../lib/queues.ts';
import { reasons } from '../../lib/reasons.ts';
import { operationGroups } from '../../lib/showpad-operations.ts';

const parts = {
  operation: operationGroups.length,
  reason: Object.keys(reasons).length,
  step: queueNames.length,
};

/** How many metrics of CloudWatch one of ours can become, each of which has its price. */
function metricsOf(name: string): number {
  const { by, andWhole = false } = definitionOf(name as MetricName);
  return by === undefined ? 1 : parts[by] + (andWhole ? 1 : 0);
}

it('all metrics together, should every reason and every operation occur in every hour, stay payable', () => {
  const names = Object.keys(metricDefinitions);
  const whole = names.filter((name) => definitionOf(name as MetricName).by === undefined).length;
  expect(whole).toBeLessThanOrEqual(45);
  // At $0.30 a month each.
  expect(names.reduce((sum, name) => sum + metricsOf(name), 0)).toBeLessThanOrEqual(160);
});
