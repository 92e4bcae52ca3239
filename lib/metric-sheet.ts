import type { Metrics } from '@aws-lambda-powertools/metrics';
import { definitionOf, type MetricName, type MetricPart } from './metric-definitions.ts';

interface Line {
  /** What its metrics are split by; null for those that are not. */
  readonly split: { readonly by: string; readonly part: string; readonly andWhole: boolean } | null;
  readonly values: Map<MetricName, number[]>;
}

// At a hundred Powertools publishes by itself, and forgets what the rest of the line is split by.
const mostValues = 99;

/**
 * The metrics of an invocation, gathered until its end: one line in CloudWatch's embedded metric format for all that
 * are not split, and one for each part of those that are.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
export class MetricSheet {
  readonly #metrics: Metrics;
  #lines = new Map<string, Line>();

  constructor(metrics: Metrics) {
    this.#metrics = metrics;
  }

  /** Notes a value, to the thousandth. One that is no number, which CloudWatch would not take, is left out. */
  record<Name extends MetricName>(name: Name, value: number, part: MetricPart<Name>): void {
    if (!Number.isFinite(value)) return;
    const rounded = Math.round(value * 1_000) / 1_000;
    const { values } = this.#lineOf(name, part);
    const known = values.get(name);
    const { keep } = definitionOf(name);
    if (known === undefined) values.set(name, [rounded]);
    else if (keep === 'each') known.push(rounded);
    else known[0] = keep === 'sum' ? (known[0] ?? 0) + rounded : rounded;
  }

  /** Writes what was gathered to the log, and begins anew. */
  publish(): void {
    const lines = [...this.#lines.values()];
    this.#lines = new Map();
    for (const line of lines) {
      const longest = Math.max(...[...line.values.values()].map(({ length }) => length));
      for (let start = 0; start < longest; start += mostValues) this.#write(line, start);
    }
  }

  #lineOf(name: MetricName, part: string | null): Line {
    const { by, andWhole = false } = definitionOf(name);
    const key = part === null ? '' : `${by} ${part} ${andWhole}`;
    const known = this.#lines.get(key);
    if (known !== undefined) return known;
    const split = by === undefined || part === null ? null : { by, part, andWhole };
    const line: Line = { split, values: new Map() };
    this.#lines.set(key, line);
    return line;
  }

  #write({ split, values }: Line, start: number): void {
    // The set without a dimension of its own is the whole.
    if (split?.andWhole === true) this.#metrics.addDimensions({});
    if (split !== null) this.#metrics.addDimensions({ [split.by]: split.part });
    for (const [name, all] of values) {
      for (const value of all.slice(start, start + mostValues)) {
        this.#metrics.addMetric(name, definitionOf(name).unit, value);
      }
    }
    this.#metrics.publishStoredMetrics();
  }
}
