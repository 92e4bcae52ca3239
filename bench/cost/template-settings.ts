import * as z from 'zod';
import { parseTemplate } from '../../local/intrinsics.ts';

/** What the template says of a function, as far as it costs. */
export interface FunctionSettings {
  readonly memoryMebibytes: number;
  readonly isQueued: boolean;
  readonly batchSize: number;
  readonly windowSeconds: number;
  readonly maximumConcurrency: number;
}

export interface TemplateSettings {
  readonly functions: ReadonlyMap<string, FunctionSettings>;
  readonly requestsPerSecond: number;
  readonly secrets: number;
  readonly polledQueues: number;
  readonly alarms: number;
  readonly dashboards: number;
}

const templateSchema = z.object({
  Parameters: z.record(z.string(), z.looseObject({})),
  Globals: z.object({ Function: z.object({ MemorySize: z.number() }) }),
  Resources: z.record(
    z.string(),
    z.object({
      Type: z.string(),
      Properties: z
        .looseObject({
          Handler: z.string().optional(),
          MemorySize: z.number().optional(),
          Events: z.record(z.string(), z.object({ Type: z.string(), Properties: z.unknown() })).optional(),
        })
        .optional(),
    }),
  ),
});
const mappingSchema = z.object({
  BatchSize: z.number(),
  MaximumBatchingWindowInSeconds: z.union([z.number(), z.object({ Ref: z.string() })]).default(0),
  ScalingConfig: z.object({ MaximumConcurrency: z.number() }),
});

/** Reads what matters to the bill from the text of template.yaml. */
export function readTemplateSettings(text: string): TemplateSettings {
  const { Parameters, Globals, Resources } = templateSchema.parse(parseTemplate(text));
  const resources = Object.values(Resources);
  const count = (type: string): number => resources.filter(({ Type }) => Type === type).length;
  /** A number, or the default of the parameter behind it. */
  const numberOf = (value: number | { Ref: string }): number =>
    typeof value === 'number' ? value : Number(Parameters[value.Ref]?.['Default']);
  const functions = resources.flatMap(({ Properties: { Handler, MemorySize, Events = {} } = {} }) => {
    if (Handler === undefined) return [];
    const queue = Object.values(Events).find(({ Type }) => Type === 'SQS');
    const mapping = queue === undefined ? null : mappingSchema.parse(queue.Properties);
    const settings: FunctionSettings = {
      memoryMebibytes: MemorySize ?? Globals.Function.MemorySize,
      isQueued: mapping !== null,
      batchSize: mapping?.BatchSize ?? 1,
      windowSeconds: numberOf(mapping?.MaximumBatchingWindowInSeconds ?? 0),
      maximumConcurrency: mapping?.ScalingConfig.MaximumConcurrency ?? Number.POSITIVE_INFINITY,
    };
    return [[Handler.split('.')[0] ?? '', settings] as const];
  });
  return {
    functions: new Map(functions),
    requestsPerSecond: numberOf({ Ref: 'ShowpadRequestsPerSecond' }),
    secrets: Object.keys(Parameters).filter((name) => name.endsWith('SecretArn')).length,
    polledQueues: functions.filter(([, { isQueued }]) => isQueued).length,
    alarms: count('AWS::CloudWatch::Alarm'),
    dashboards: count('AWS::CloudWatch::Dashboard'),
  };
}
