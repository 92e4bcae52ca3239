import * as z from 'zod';
import type { CloudFormationTemplate, Properties } from '../sam-template.ts';
import { branchesOf } from '../template-rules/grants.ts';
import { at, list, resourcesOf, target } from '../template-rules/rule.ts';
import { permission, type Permission } from './iam-permissions.ts';

/** What a role allows, and what about it cannot be judged. */
export interface RoleGrants {
  readonly permissions: ReadonlySet<Permission>;
  readonly faults: readonly string[];
}

const oneOrMore = <Schema extends z.ZodType>(schema: Schema) =>
  z.union([schema.transform((one) => [one]), z.array(schema)]);
const resource = z.union([
  z.literal('*'),
  z.strictObject({ 'Fn::GetAtt': z.string().endsWith('.Arn') }),
  z.strictObject({ 'Fn::Sub': z.string().regex(/^\$\{\w+\.Arn\}\/[^$]+$/) }),
  z.strictObject({ Ref: z.string() }),
]);
// Conditions and denials would make a role allow less than its actions say.
const statementSchema = z.strictObject({
  Sid: z.string().optional(),
  Effect: z.literal('Allow'),
  Action: oneOrMore(z.string()),
  Resource: oneOrMore(resource),
});

/** Reads the policies of a role. */
export function grantsOf(template: CloudFormationTemplate, role: string): RoleGrants {
  const found = template.Resources[role];
  if (found?.Type !== 'AWS::IAM::Role') {
    return { permissions: new Set(), faults: [`There is no role ${role}.`] };
  }
  const permissions = new Set<Permission>();
  const faults: string[] = [];
  const statements = list(at(found.Properties, 'Policies')).flatMap((policy) =>
    list(at(policy, 'PolicyDocument', 'Statement')).flatMap(branchesOf),
  );
  for (const [index, statement] of statements.entries()) {
    const parsed = statementSchema.safeParse(statement);
    const sid = at(statement, 'Sid');
    const name = `${role}, statement ${typeof sid === 'string' ? sid : index}`;
    if (!parsed.success) {
      faults.push(`${name} is written in a way that cannot be judged: ${z.prettifyError(parsed.error)}`);
      continue;
    }
    for (const named of parsed.data.Resource) {
      const text = textOf(named, template);
      if (text === null) faults.push(`${name} names ${JSON.stringify(named)}, which is no ARN.`);
      else for (const action of parsed.data.Action) permissions.add(permission(action, text));
    }
  }
  return { permissions, faults };
}

/** A function as the template has it. */
export interface DeployedFunction {
  readonly id: string;
  /** Its name in the code, which is that of its handler: `upload-asset`. */
  readonly name: string;
  /** The logical id of the role under which it works. */
  readonly role: string;
  readonly properties: Properties;
}

export function functionsOf(template: CloudFormationTemplate): DeployedFunction[] {
  return resourcesOf(template, 'AWS::Lambda::Function').map(({ id, properties }) => ({
    id,
    name: String(at(properties, 'Handler')).replace(/\.\w+$/, ''),
    role: target(at(properties, 'Role')) ?? '',
    properties,
  }));
}

function textOf(named: z.output<typeof resource>, { Resources, Parameters }: CloudFormationTemplate) {
  if (named === '*') return named;
  if ('Fn::GetAtt' in named) return named['Fn::GetAtt'].replace(/\.Arn$/, '');
  if ('Fn::Sub' in named) return named['Fn::Sub'].replace(/^\$\{(\w+)\.Arn\}/, '$1');
  const isArn = Object.hasOwn(Parameters, named.Ref) || Resources[named.Ref]?.Type === 'AWS::SNS::Topic';
  return isArn ? named.Ref : null;
}
