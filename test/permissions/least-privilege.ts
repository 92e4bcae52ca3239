import type { CloudFormationTemplate } from '../sam-template.ts';
import { mappingsOf } from '../template-rules/queue-rules.ts';
import { at, target } from '../template-rules/rule.ts';
import { permission, type Permission } from './iam-permissions.ts';
import { functionsOf, grantsOf, type DeployedFunction } from './role-grants.ts';

/** What each function was seen to need, by its name. */
export type Recording = ReadonlyMap<string, ReadonlySet<Permission>>;

/**
 * Compares what each function was seen to do, and what Lambda does for it, with what its role allows: no more and no
 * less. One sentence for each difference.
 */
export function privilegeFaults(template: CloudFormationTemplate, recording: Recording): string[] {
  const functions = functionsOf(template);
  const unknown = [...recording.keys()].filter((name) => functions.every((one) => one.name !== name));
  return [
    ...unknown.map((name) => `${name} was recorded, but the template has no such function.`),
    ...functions.flatMap((one) => faultsOf(template, one, recording)),
  ];
}

/** The same for one function. */
export function faultsOf(
  template: CloudFormationTemplate,
  deployed: DeployedFunction,
  recording: Recording,
): string[] {
  const { name, role } = deployed;
  const { permissions: allowed, faults } = grantsOf(template, role);
  const needs = lambdasNeeds(template, deployed);
  for (const one of recording.get(name) ?? []) needs.set(one, `${name} does it`);
  return [
    ...faults,
    ...(recording.has(name) ? [] : [`No story invokes ${name}: nobody knows what it does. Tell one.`]),
    ...[...needs]
      .filter(([one]) => !allowed.has(one))
      .map(([one, why]) => `${role} does not allow ${one}, and ${why}.`),
    ...[...allowed]
      .filter((one) => !needs.has(one))
      .map((one) => `${role} may ${one}, but ${name} never does.`),
  ];
}

/**
 * What Lambda does in a function's name, and what for: it needs that whatever the code does.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
 * https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html
 */
function lambdasNeeds(
  template: CloudFormationTemplate,
  { id, name, properties }: DeployedFunction,
): Map<Permission, string> {
  const needs = new Map<Permission, string>();
  const logGroup = target(at(properties, 'LoggingConfig', 'LogGroup')) ?? `a log group of ${id}`;
  for (const action of ['logs:CreateLogStream', 'logs:PutLogEvents']) {
    needs.set(permission(action, logGroup), `Lambda writes the log of ${name} with it`);
  }
  if (at(properties, 'TracingConfig', 'Mode') === 'Active') {
    for (const action of ['xray:PutTraceSegments', 'xray:PutTelemetryRecords']) {
      needs.set(permission(action, '*'), `Lambda traces ${name} with it`);
    }
  }
  for (const { settings, queueId } of mappingsOf(template)) {
    if (target(at(settings, 'FunctionName')) !== id) continue;
    for (const action of ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes']) {
      needs.set(permission(action, queueId), `Lambda reads the queue of ${name} with it`);
    }
  }
  return needs;
}
