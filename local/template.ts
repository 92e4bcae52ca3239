import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { parseTemplate, resolve } from './intrinsics.ts';
import type { Resolver } from './intrinsics.ts';
import { assertRules, parameterSchema, parameterValues, ruleSchema } from './template-parameters.ts';
import {
  bucketSchema,
  busSchema,
  functionSchema,
  ignoredTypes,
  queueSchema,
  ruleSchema as eventRuleSchema,
  tableSchema,
} from './template-resources.ts';

export type QueueProperties = z.output<typeof queueSchema>;
export type TableProperties = z.output<typeof tableSchema>;
export type BucketProperties = z.output<typeof bucketSchema>;
export type BusProperties = z.output<typeof busSchema>;
export type EventRuleProperties = z.output<typeof eventRuleSchema>;
type FunctionProperties = z.output<typeof functionSchema>;

/** What the created resources are called; `undefined` for a name that does not exist. */
export interface PhysicalNames {
  reference(logicalId: string): string | undefined;
  attribute(logicalId: string, attribute: string): string | undefined;
}

/** One resource with its properties resolved. */
export interface Described<Properties> {
  readonly logicalId: string;
  readonly properties: Properties;
}

export interface StackDescription {
  readonly queues: readonly Described<QueueProperties>[];
  readonly tables: readonly Described<TableProperties>[];
  readonly buckets: readonly Described<BucketProperties>[];
  readonly buses: readonly Described<BusProperties>[];
  readonly eventRules: readonly Described<EventRuleProperties>[];
  readonly functions: readonly Described<FunctionProperties>[];
}

export interface Template {
  /** The resources of one type that exist under the given parameters. */
  logicalIds(type: string): string[];
  /** Everything the local stack runs, once `names` knows the created resources. */
  describe(names: PhysicalNames): StackDescription;
}

const schemas = {
  'AWS::SQS::Queue': queueSchema,
  'AWS::DynamoDB::Table': tableSchema,
  'AWS::S3::Bucket': bucketSchema,
  'AWS::Events::EventBus': busSchema,
  'AWS::Events::Rule': eventRuleSchema,
  'AWS::Serverless::Function': functionSchema,
};

const properties = z.record(z.string(), z.unknown());
const templateSchema = z.looseObject({
  Parameters: z.record(z.string(), parameterSchema).default({}),
  Rules: z.record(z.string(), ruleSchema).default({}),
  Conditions: z.record(z.string(), z.unknown()).default({}),
  Globals: z.strictObject({ Function: properties.default({}) }).default({ Function: {} }),
  Resources: z.record(
    z.string(),
    z.looseObject({ Type: z.string(), Condition: z.string().optional(), Properties: properties.default({}) }),
  ),
});

/**
 * Reads a SAM template for the local stack.
 * @param parameters values for the template's parameters; the others take their defaults.
 * @throws {Error} that names what is wrong, or what the local stack does not know: a resource type, a property
 * that matters, an intrinsic function. Nothing is silently left out.
 */
export function readTemplate(
  file: string,
  parameters: Readonly<Record<string, string>>,
  region: string,
): Template {
  const template = checked(templateSchema, parseTemplate(readFileSync(file, 'utf8')), 'The template');
  const values = parameterValues(template.Parameters, parameters);
  const resolver = (names: PhysicalNames): Resolver => ({
    reference: (name) => values[name] ?? pseudoParameters(region)[name] ?? found(names.reference(name), name),
    attribute: (logicalId, attribute) =>
      found(names.attribute(logicalId, attribute), `${logicalId}.${attribute}`),
    condition: (name) => {
      if (!Object.hasOwn(template.Conditions, name))
        throw new Error(`The template has no condition ${name}.`);
      return resolve(template.Conditions[name], resolver(names)) === true;
    },
  });
  const beforeCreation = resolver({ reference: () => undefined, attribute: () => undefined });
  assertRules(template.Rules, (assertion) => resolve(assertion, beforeCreation) === true);
  const resources = Object.entries(template.Resources).filter(
    ([, { Condition }]) => Condition === undefined || beforeCreation.condition(Condition),
  );
  for (const [logicalId, { Type }] of resources) {
    if (!Object.hasOwn(schemas, Type) && !ignoredTypes.has(Type)) {
      throw new Error(
        `${logicalId} is a ${Type}, which the local stack does not know. Teach local/template.ts.`,
      );
    }
  }

  return {
    logicalIds: (type) => resources.filter(([, { Type }]) => Type === type).map(([logicalId]) => logicalId),
    describe: (names) => {
      const described = <Schema extends z.ZodType>(type: string, schema: Schema) =>
        resources
          .filter(([, resource]) => resource.Type === type)
          .map(([logicalId, resource]) => {
            const whole =
              type === 'AWS::Serverless::Function'
                ? withGlobals(template.Globals.Function, resource.Properties)
                : resource.Properties;
            const used = withoutIgnored(schema, whole);
            return { logicalId, properties: checked(schema, resolve(used, resolver(names)), logicalId) };
          });
      return {
        queues: described('AWS::SQS::Queue', queueSchema),
        tables: described('AWS::DynamoDB::Table', tableSchema),
        buckets: described('AWS::S3::Bucket', bucketSchema),
        buses: described('AWS::Events::EventBus', busSchema),
        eventRules: described('AWS::Events::Rule', eventRuleSchema),
        functions: described('AWS::Serverless::Function', functionSchema),
      };
    },
  };
}

const pseudoParameters = (region: string): Record<string, string> => ({
  'AWS::Region': region,
  'AWS::AccountId': '000000000000',
  'AWS::Partition': 'aws',
  'AWS::StackName': 'showpad-connector',
});

function found(value: string | undefined, name: string): string {
  if (value !== undefined) return value;
  throw new Error(`The template refers to ${name}, which the local stack does not have.`);
}

/** Like SAM: maps are merged, what the function says itself wins. */
function withGlobals(
  globals: Record<string, unknown>,
  own: Record<string, unknown>,
): Record<string, unknown> {
  const merged: Record<string, unknown> = { ...globals };
  for (const [key, value] of Object.entries(own)) {
    const base = merged[key];
    merged[key] = isMap(base) && isMap(value) ? withGlobals(base, value) : value;
  }
  return merged;
}

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Ignored properties may refer to resources that do not exist locally, so they are dropped before resolving. */
function withoutIgnored(schema: z.ZodType, value: Record<string, unknown>): Record<string, unknown> {
  if (!(schema instanceof z.ZodObject)) return value;
  const shape: Record<string, z.ZodType> = schema.shape;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      const property = shape[key];
      return [
        key,
        property instanceof z.ZodOptional && property.unwrap() instanceof z.ZodUnknown ? null : inner,
      ];
    }),
  );
}

function checked<Schema extends z.ZodType>(schema: Schema, value: unknown, name: string): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new Error(`${name} is not what the local stack knows. ${z.prettifyError(parsed.error)}`);
}
