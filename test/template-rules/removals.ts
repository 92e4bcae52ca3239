import type { CloudFormationTemplate, SamTemplate } from '../sam-template.ts';
import { isIndexed } from './rule.ts';

/** Properties that protect something: data, messages, logs, money, or the sleep of whoever is on call. */
const guards = new Set([
  'AccessLogSettings',
  'AlarmActions',
  'AssumeRolePolicyDocument',
  'Auth',
  'BucketEncryption',
  'DefaultRouteSettings',
  'DeletionPolicy',
  'DeletionProtectionEnabled',
  'Effect',
  'Events',
  'FunctionResponseTypes',
  'LifecycleConfiguration',
  'LoggingConfig',
  'MessageRetentionPeriod',
  'OwnershipControls',
  'PointInTimeRecoverySpecification',
  'PublicAccessBlockConfiguration',
  'RedrivePolicy',
  'RetentionInDays',
  'Role',
  'SSESpecification',
  'ScalingConfig',
  'SqsManagedSseEnabled',
  'TimeToLiveSpecification',
  'Tracing',
  'UpdateReplacePolicy',
  'VisibilityTimeout',
]);

/** Every resource of a template, and every place in it where something is protected. */
export function removalsOf({ Resources, Globals }: SamTemplate): string[] {
  return [
    ...Object.keys(Resources).map((id) => `Resources/${id}`),
    ...guardsBelow(Resources, 'Resources'),
    ...guardsBelow(Globals, 'Globals'),
  ];
}

function guardsBelow(node: unknown, path: string): string[] {
  if (!isIndexed(node)) return [];
  return Object.entries(node).flatMap(([key, value]) => {
    // What roles allow is compared with what functions do, in test/integration/permissions.test.ts.
    if (key === 'Policies') return [];
    const place = `${path}/${key}`;
    return [...(guards.has(key) ? [place] : []), ...guardsBelow(value, place)];
  });
}

/** Names that a template refers to and does not have. */
export function danglingReferences(template: CloudFormationTemplate): string[] {
  const { Parameters, Resources } = template;
  return namesBelow(template).filter(
    (name) =>
      !name.startsWith('AWS::') && !Object.hasOwn(Parameters, name) && !Object.hasOwn(Resources, name),
  );
}

function namesBelow(node: unknown): string[] {
  if (!isIndexed(node)) return [];
  return Object.entries(node).flatMap(([key, value]) => {
    if (key === 'Ref') return [String(value)];
    if (key === 'Fn::GetAtt') return [String(Array.isArray(value) ? value[0] : String(value).split('.')[0])];
    if (key === 'Fn::Sub' && typeof value === 'string') {
      return [...value.matchAll(/\$\{([\w:]+)[^}]*\}/g)].map(([, name = '']) => name);
    }
    return namesBelow(value);
  });
}
