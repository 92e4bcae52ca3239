import * as z from 'zod';
import { invalidParameter } from './sqs-error.ts';

/** Where messages go that were received too often. */
export type RedrivePolicy = z.output<typeof redrivePolicySchema>;

// CloudFormation and many people write the number as a text.
const redrivePolicySchema = z.object({
  deadLetterTargetArn: z.string(),
  maxReceiveCount: z.coerce.number().int().min(1).max(1_000),
});
const redriveAllowPolicySchema = z.object({
  redrivePermission: z.enum(['allowAll', 'denyAll', 'byQueue']),
  sourceQueueArns: z.array(z.string()).max(10).default([]),
});

/** @throws {SqsError} InvalidParameterValue */
export function readRedrivePolicy(text: string): RedrivePolicy {
  const reason = 'It needs deadLetterTargetArn and a maxReceiveCount from 1 to 1000, as JSON.';
  return read('RedrivePolicy', redrivePolicySchema, text, reason);
}

/** @throws {SqsError} InvalidParameterValue */
export function readRedriveAllowPolicy(text: string): z.output<typeof redriveAllowPolicySchema> {
  const reason = 'It needs redrivePermission (allowAll, denyAll or byQueue with sourceQueueArns), as JSON.';
  return read('RedriveAllowPolicy', redriveAllowPolicySchema, text, reason);
}

function read<Policy>(name: string, schema: z.ZodType<Policy>, text: string, reason: string): Policy {
  const parsed = schema.safeParse(parse(text));
  if (!parsed.success) throw invalidParameter(name, text, reason);
  return parsed.data;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
