import type { CloudFormationTemplate } from '../sam-template.ts';
import { at, list } from '../template-rules/rule.ts';
import { functionsOf, grantsOf, type DeployedFunction } from './role-grants.ts';

/** A template in which somebody has changed the role of one function. */
export interface RoleChange {
  readonly what: string;
  readonly deployed: DeployedFunction;
  readonly template: CloudFormationTemplate;
}

interface Statement {
  readonly Action: readonly unknown[];
  readonly Resource: readonly unknown[];
}

function statementsOf(template: CloudFormationTemplate, role: string): Statement[] {
  return list(at(template.Resources[role]?.Properties, 'Policies'))
    .flatMap((policy) => list(at(policy, 'PolicyDocument', 'Statement')))
    .map((statement) => ({
      Action: list(at(statement, 'Action')),
      Resource: list(at(statement, 'Resource')),
    }));
}

function withStatements(
  template: CloudFormationTemplate,
  role: string,
  statements: readonly Statement[],
): CloudFormationTemplate {
  const Statement = statements.map((statement) => ({ Effect: 'Allow', ...statement }));
  const Properties = { Policies: [{ PolicyDocument: { Statement } }] };
  return {
    ...template,
    Resources: { ...template.Resources, [role]: { Type: 'AWS::IAM::Role', Properties } },
  };
}

/** Every way to take one action, or one resource, out of one statement. */
export function* takings(template: CloudFormationTemplate): Generator<RoleChange> {
  for (const deployed of functionsOf(template)) {
    const statements = statementsOf(template, deployed.role);
    for (const [index, statement] of statements.entries()) {
      for (const part of ['Action', 'Resource'] as const) {
        for (const taken of statement[part]) {
          const left = { ...statement, [part]: statement[part].filter((one) => one !== taken) };
          yield {
            what: `${deployed.role} without ${JSON.stringify(taken)}`,
            deployed,
            template: withStatements(template, deployed.role, statements.with(index, left)),
          };
        }
      }
    }
  }
}

/** Every way to allow one function what another may. */
export function* givings(template: CloudFormationTemplate): Generator<RoleChange> {
  const functions = functionsOf(template);
  const everything = functions.flatMap(({ role }) =>
    statementsOf(template, role).flatMap(({ Action, Resource }) =>
      Action.flatMap((action) => Resource.map((resource) => ({ Action: [action], Resource: [resource] }))),
    ),
  );
  const unique = new Map(everything.map((one) => [JSON.stringify(one), one]));
  for (const deployed of functions) {
    const { role } = deployed;
    const { permissions } = grantsOf(template, role);
    for (const [text, given] of unique) {
      const changed = withStatements(template, role, [...statementsOf(template, role), given]);
      if (grantsOf(changed, role).permissions.size === permissions.size) continue;
      yield { what: `${role} with ${text}`, deployed, template: changed };
    }
  }
}
