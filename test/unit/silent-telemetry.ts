import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics } from '@aws-lambda-powertools/metrics';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { MetricSheet } from '../../lib/metric-sheet.ts';
import { Telemetry } from '../../lib/telemetry.ts';
import { Timeline } from '../../lib/timeline.ts';

/** Telemetry that nobody hears, for what only counts calls. */
export function silentTelemetry(): Telemetry {
  const timeline = new Timeline(
    DynamoDBDocumentClient.from(new DynamoDBClient({ region: 'eu-west-1' })),
    'none',
  );
  return new Telemetry(
    new Logger({ logLevel: 'SILENT' }),
    new MetricSheet(new Metrics({ namespace: 'tests' })),
    timeline,
  );
}
