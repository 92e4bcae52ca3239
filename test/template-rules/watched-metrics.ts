import * as z from 'zod';
import type { CloudFormationTemplate } from '../sam-template.ts';
import { at, list, resourcesOf, textOf } from './rule.ts';

/** A metric that somebody looks at, with references as Fn::Sub has them. */
export interface WatchedMetric {
  /** The alarm or the widget that looks. */
  readonly by: string;
  readonly namespace: string;
  readonly name: string;
  /** By name; null where any value is meant. */
  readonly dimensions: Readonly<Record<string, string | null>>;
}

const option = z.looseObject({ expression: z.string().optional() });
const metricRow = z.array(z.union([z.string(), option]));
const widgetSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('text'),
    width: z.number(),
    height: z.number(),
    properties: z.strictObject({ markdown: z.string() }),
  }),
  z.strictObject({
    type: z.literal('alarm'),
    width: z.number(),
    height: z.number(),
    properties: z.strictObject({ title: z.string(), sortBy: z.string(), alarms: z.array(z.string()) }),
  }),
  z.strictObject({
    type: z.literal('metric'),
    width: z.number(),
    height: z.number(),
    properties: z.strictObject({
      title: z.string(),
      region: z.literal('${AWS::Region}'),
      period: z.number(),
      stat: z.string(),
      annotations: z.unknown().optional(),
      metrics: z.array(metricRow).min(1),
    }),
  }),
]);
export type Widget = z.output<typeof widgetSchema>;

/**
 * The widgets of the dashboard; none when there is no dashboard.
 * @throws {Error} when CloudWatch would not take it, or it has widgets of other types
 */
export function widgetsOf(template: CloudFormationTemplate): Widget[] {
  const [dashboard] = resourcesOf(template, 'AWS::CloudWatch::Dashboard');
  const text = textOf(at(dashboard?.properties, 'DashboardBody')) ?? '{"widgets":[]}';
  try {
    // A number may be a reference too.
    const body: unknown = JSON.parse(text.replaceAll(/(?<=: )\$\{\w+\}/g, '0'));
    return z.object({ widgets: z.array(widgetSchema) }).parse(body).widgets;
  } catch (error) {
    throw new Error(`The dashboard is not one that is understood here: ${String(error)}`, { cause: error });
  }
}

/** Every metric that an alarm or a widget of the dashboard looks at. */
export function watchedMetrics(template: CloudFormationTemplate): WatchedMetric[] {
  return [...alarmMetrics(template), ...widgetsOf(template).flatMap(widgetMetrics)];
}

export function alarmMetrics(template: CloudFormationTemplate): WatchedMetric[] {
  return resourcesOf(template, 'AWS::CloudWatch::Alarm').flatMap(({ id, properties }) => {
    const stats = list(at(properties, 'Metrics')).flatMap(
      (metric) => at(metric, 'MetricStat', 'Metric') ?? [],
    );
    const whole = at(properties, 'MetricName') === undefined ? [] : [properties];
    return [...whole, ...stats].map((metric) => ({
      by: id,
      namespace: textOf(at(metric, 'Namespace')) ?? '',
      name: String(at(metric, 'MetricName')),
      dimensions: Object.fromEntries(
        list(at(metric, 'Dimensions')).map((one) => [
          String(at(one, 'Name')),
          textOf(at(one, 'Value')) ?? '',
        ]),
      ),
    }));
  });
}

function widgetMetrics(widget: Widget): WatchedMetric[] {
  if (widget.type !== 'metric') return [];
  const by = `The widget “${widget.properties.title}”`;
  let before: readonly string[] = [];
  return widget.properties.metrics.flatMap((row) => {
    const expression = row.flatMap((part) => (typeof part === 'string' ? [] : (part.expression ?? [])))[0];
    if (expression !== undefined) return searchedMetrics(by, expression);
    const last = before;
    // A dot stands for what the row before has in its place.
    const parts = row
      .filter((part) => typeof part === 'string')
      .map((part, place) => (part === '.' ? (last[place] ?? '') : part));
    before = parts;
    const [namespace = '', name = '', ...dimensions] = parts;
    const pairs = dimensions.flatMap((value, place) =>
      place % 2 === 0 ? [[value, dimensions[place + 1] ?? '']] : [],
    );
    return [{ by, namespace, name, dimensions: Object.fromEntries(pairs) as Record<string, string> }];
  });
}

/** What a search finds; an expression that only reckons with the other rows finds nothing by itself. */
function searchedMetrics(by: string, expression: string): WatchedMetric[] {
  if (!expression.includes('SEARCH')) return [];
  // A namespace that is not all letters and digits has to be quoted.
  const found =
    /^SEARCH\('\{"(?<namespace>[^"]+)",(?<names>[\w,]+)\} MetricName="(?<name>\w+)"', '\w+', \d+\)$/.exec(
      expression,
    );
  const { namespace = '', names = '', name = '' } = found?.groups ?? {};
  return [
    { by, namespace, name, dimensions: Object.fromEntries(names.split(',').map((one) => [one, null])) },
  ];
}
