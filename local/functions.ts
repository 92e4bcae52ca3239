import { pathToFileURL } from 'node:url';
import { join } from 'node:path';
import type { EventSourceMappingSettings } from './event-source-mapping.ts';
import type { Route } from './http-api-routes.ts';
import type { Queue } from './resources.ts';
import type { Schedule } from './schedule.ts';
import type { StackDescription } from './template.ts';

/** Lambda's own first number of pollers, when the template sets no maximum. */
const defaultConcurrency = 5;

/** One function of the template, as plain data that can go to another process. */
export interface FunctionDescription {
  readonly name: string;
  readonly fileUrl: string;
  readonly exportName: string;
  readonly timeoutSeconds: number;
  readonly memoryMebibytes: number;
  readonly routes: readonly Route[];
  readonly mappings: readonly EventSourceMappingSettings[];
  readonly schedules: readonly Schedule[];
}

/**
 * The functions of the template, run from their source: `dist/<name>/` with the handler `<name>.handler` is built
 * from `<name>.ts` in `directory`.
 * @param longestBatchingSeconds no batching window is longer
 */
export function describeFunctions(
  { functions }: StackDescription,
  queues: readonly Queue[],
  directory: string,
  longestBatchingSeconds = Number.POSITIVE_INFINITY,
): FunctionDescription[] {
  return functions.map(({ logicalId, properties }) => {
    const [name = '', exportName = ''] = properties.Handler.split('.');
    if (properties.CodeUri.replace(/\/$/, '') !== `dist/${name}`) {
      throw new Error(
        `${logicalId} has the handler ${properties.Handler}, so its CodeUri must be dist/${name}/.`,
      );
    }
    const events = Object.entries(properties.Events);
    return {
      name,
      fileUrl: pathToFileURL(join(directory, `${name}.ts`)).href,
      exportName,
      timeoutSeconds: properties.Timeout,
      memoryMebibytes: properties.MemorySize,
      routes: events.flatMap(([, event]) =>
        event.Type === 'HttpApi'
          ? [{ functionName: name, routeKey: `${event.Properties.Method} ${event.Properties.Path}` }]
          : [],
      ),
      mappings: events.flatMap(([, event]) => {
        if (event.Type !== 'SQS' || !event.Properties.Enabled) return [];
        const queue = queues.find(({ arn }) => arn === event.Properties.Queue);
        if (queue === undefined)
          throw new Error(`${logicalId} listens to a queue that the template does not have.`);
        return [
          {
            functionName: name,
            queueUrl: queue.url,
            queueArn: queue.arn,
            batchSize: event.Properties.BatchSize,
            batchingWindowSeconds: Math.min(
              event.Properties.MaximumBatchingWindowInSeconds,
              longestBatchingSeconds,
            ),
            maximumConcurrency: event.Properties.ScalingConfig?.MaximumConcurrency ?? defaultConcurrency,
            reportsFailures: event.Properties.FunctionResponseTypes.length > 0,
          },
        ];
      }),
      schedules: events.flatMap(([, event]) => {
        if (event.Type !== 'Schedule' && event.Type !== 'ScheduleV2') return [];
        const { Schedule: rate, ScheduleExpression, Input } = event.Properties;
        const expression = rate ?? ScheduleExpression ?? '';
        return [{ functionName: name, expression, ...(Input === undefined ? {} : { input: Input }) }];
      }),
    };
  });
}

/**
 * The environment of all functions together: locally they share one process.
 * @throws {Error} when two functions want different values of one variable.
 */
export function sharedEnvironment({ functions }: StackDescription): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const { logicalId, properties } of functions) {
    for (const [key, value] of Object.entries(properties.Environment.Variables)) {
      if (Object.hasOwn(environment, key) && environment[key] !== String(value)) {
        throw new Error(`${logicalId} wants its own ${key}; locally all functions share one environment.`);
      }
      environment[key] = String(value);
    }
  }
  return environment;
}
