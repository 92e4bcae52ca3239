import { MetricUnit } from '@aws-lambda-powertools/metrics';
import * as z from 'zod';

// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
const name = z.string().min(1).max(255);
const lineSchema = z
  .looseObject({
    _aws: z.strictObject({
      Timestamp: z.int().positive(),
      CloudWatchMetrics: z
        .array(
          z.strictObject({
            Namespace: z.string().regex(/^[\w.\-/#: ]{1,255}$/),
            Dimensions: z.array(z.array(name).max(30)).min(1),
            Metrics: z
              .array(z.strictObject({ Name: name, Unit: z.enum(Object.values(MetricUnit)) }))
              .min(1)
              .max(100),
          }),
        )
        .min(1),
    }),
  })
  .superRefine((line, { addIssue }) => {
    for (const { Dimensions, Metrics } of line._aws.CloudWatchMetrics) {
      for (const dimension of new Set(Dimensions.flat()))
        if (!isDimension(line[dimension])) addIssue(`The dimension ${dimension} has no usable value.`);
      const names = Metrics.map(({ Name }) => Name);
      if (new Set(names).size < names.length) addIssue('A metric is in the line twice.');
      for (const metric of names)
        if (!isMetric(line[metric])) addIssue(`${metric} has no value that CloudWatch takes.`);
    }
  });

// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDatum.html
const largest = 2 ** 360;
const isValue = (value: unknown): boolean =>
  typeof value === 'number' && Number.isFinite(value) && Math.abs(value) <= largest;

function isMetric(value: unknown): boolean {
  if (!Array.isArray(value)) return isValue(value);
  return value.length > 0 && value.length <= 100 && value.every(isValue);
}

function isDimension(value: unknown): boolean {
  return (
    typeof value === 'string' && value.length <= 1_024 && /^[\x20-\x7e]*[\x21-\x7e][\x20-\x7e]*$/.test(value)
  );
}

/** A line of the log in CloudWatch's embedded metric format. */
export type MetricLine = z.output<typeof lineSchema>;

/** A metric as CloudWatch keeps it: everything that tells it from others, and the values that came for it. */
export interface PublishedMetric {
  readonly namespace: string;
  readonly name: string;
  readonly unit: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly values: readonly number[];
}

/**
 * The lines that hold metrics among those of a log.
 * @throws {Error} when one is against the specification of the format
 */
export function metricLines(log: readonly string[]): MetricLine[] {
  const lines = log.flatMap((text) => text.split('\n')).filter((text) => text.includes('"_aws"'));
  return lines.map((text) => lineSchema.parse(JSON.parse(text)));
}

/** What CloudWatch makes of a line. */
export function metricsOf(line: MetricLine): PublishedMetric[] {
  return line._aws.CloudWatchMetrics.flatMap(({ Namespace: namespace, Dimensions, Metrics }) =>
    Dimensions.flatMap((names) =>
      Metrics.map(({ Name, Unit: unit }) => ({
        namespace,
        name: Name,
        unit,
        dimensions: Object.fromEntries(names.map((dimension) => [dimension, String(line[dimension])])),
        values: [line[Name]].flat().map(Number),
      })),
    ),
  );
}
