import * as z from 'zod';

const properties = z.record(z.string(), z.unknown());
const resource = z.looseObject({ Type: z.string(), Properties: properties.default({}) });

/** A template with SAM's own resource types. */
export const samTemplateSchema = z.looseObject({
  Transform: z.literal('AWS::Serverless-2016-10-31'),
  Parameters: z.record(z.string(), z.looseObject({ Type: z.string() })),
  Globals: z.strictObject({ Function: properties }),
  Resources: z.record(z.string(), resource),
});

export type SamTemplate = z.output<typeof samTemplateSchema>;
export type Properties = z.output<typeof properties>;
export type Resource = z.output<typeof resource>;

/** The same template as plain CloudFormation. */
export interface CloudFormationTemplate {
  readonly Parameters: SamTemplate['Parameters'];
  readonly Resources: Record<string, Resource>;
  readonly [section: string]: unknown;
}
