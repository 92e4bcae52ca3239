import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics } from '@aws-lambda-powertools/metrics';
import { MetricSheet } from '../../lib/metric-sheet.ts';
import { ShowpadTelemetry } from '../../lib/showpad-telemetry.ts';

/** Telemetry that nobody hears, for what only counts calls. */
export function silentTelemetry(): ShowpadTelemetry {
  return new ShowpadTelemetry(
    new Logger({ logLevel: 'SILENT' }),
    new MetricSheet(new Metrics({ namespace: 'tests' })),
  );
}
