import type { CloudFormationTemplate } from '../sam-template.ts';
import { mappingsOf } from './queue-rules.ts';
import { at, list, resourcesOf, target, textOf } from './rule.ts';

interface Grant {
  readonly role: string;
  readonly statement: unknown;
}

/** What the functions may do. */
export function grantsOf(template: CloudFormationTemplate): Grant[] {
  return resourcesOf(template, 'AWS::IAM::Role').flatMap(({ id, properties }) =>
    list(at(properties, 'Policies'))
      .flatMap((policy) => list(at(policy, 'PolicyDocument', 'Statement')))
      .flatMap(branchesOf)
      .map((statement) => ({ role: id, statement })),
  );
}

/** What is granted under a condition is granted. */
export function branchesOf(statement: unknown): unknown[] {
  const branches = list(at(statement, 'Fn::If')).slice(1);
  return branches.length === 0 ? [statement] : branches.filter((branch) => target(branch) !== 'AWS::NoValue');
}

/** Roles of functions that read the given secret. */
export function readersOf(template: CloudFormationTemplate, parameter: string): Set<string> {
  const readers = grantsOf(template).filter(
    ({ statement }) =>
      list(at(statement, 'Action')).includes('secretsmanager:GetSecretValue') &&
      list(at(statement, 'Resource')).some((resource) => target(resource) === parameter),
  );
  return new Set(readers.map(({ role }) => role));
}

/** Roles of functions that write what strangers serve into the bucket. */
export function stagersOf(template: CloudFormationTemplate): string[] {
  return grantsOf(template)
    .filter(({ statement }) => list(at(statement, 'Action')).includes('s3:PutObject'))
    .filter(({ statement }) => isOfStagedFiles(statement))
    .map(({ role }) => role);
}

/** Whether a statement is about files on their way, and not about manifests and what is noted of them. */
export function isOfStagedFiles(statement: unknown): boolean {
  return list(at(statement, 'Resource')).some((resource) => textOf(resource)?.includes('/staged/') === true);
}

export function rolesOfConsumers(template: CloudFormationTemplate): Set<string | undefined> {
  return new Set(mappingsOf(template).map(({ consumer }) => target(at(consumer, 'Role'))));
}
