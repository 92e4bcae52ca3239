import type { CloudFormationTemplate, Properties } from '../sam-template.ts';

/** Something that must hold for the whole template. */
export interface Rule {
  readonly name: string;
  /** Mistakes that the rule must notice, or it would be worth nothing. */
  readonly mistakes: readonly [Mistake, ...Mistake[]];
  /** One sentence for each place where the rule does not hold. */
  readonly faults: (template: CloudFormationTemplate) => string[];
}

/** A change to template.yaml that somebody could make. */
export interface Mistake {
  readonly mistake: string;
  /** From the top of the template: `Resources/Table/DeletionPolicy`. */
  readonly path: string;
  /** What stands there then; without it, nothing does. */
  readonly value?: unknown;
  /** A part of the text that stands there: only this part is replaced, wherever it is. */
  readonly part?: string;
}

/** One resource of the template. */
export interface NamedResource {
  readonly id: string;
  readonly properties: Properties;
  readonly attributes: Properties;
}

export function resourcesOf(template: CloudFormationTemplate, type: string): NamedResource[] {
  return Object.entries(template.Resources)
    .filter(([, { Type }]) => Type === type)
    .map(([id, { Properties, ...attributes }]) => ({ id, properties: Properties, attributes }));
}

/** What is found below `node` by following `path`; undefined when there is nothing. */
export function at(node: unknown, ...path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (isIndexed(value) && Object.hasOwn(value, key) ? value[key] : undefined),
    node,
  );
}

/** Whether a value is a map or a list. */
export const isIndexed = (value: unknown): value is Record<string | number, unknown> =>
  typeof value === 'object' && value !== null;

/** One or several things, as CloudFormation and IAM allow in many places, as a list. */
export function list(node: unknown): unknown[] {
  if (node === undefined) return [];
  return Array.isArray(node) ? (node as unknown[]) : [node];
}

export function amount(node: unknown, whenAbsent: number): number {
  return node === undefined ? whenAbsent : Number(node);
}

/** A number that is there, or that a parameter has by default. */
export function setting({ Parameters }: CloudFormationTemplate, node: unknown): number {
  const name = at(node, 'Ref');
  return Number(typeof name === 'string' ? at(Parameters[name], 'Default') : node);
}

/** A text with its references as Fn::Sub would have them: `${Table.Arn}`, whichever way they were made. */
export function textOf(node: unknown): string | undefined {
  if (typeof node === 'string') return node;
  const text = at(node, 'Fn::Sub');
  if (typeof text === 'string') return text;
  const reference = at(node, 'Ref');
  if (typeof reference === 'string') return `\${${reference}}`;
  const attribute = at(node, 'Fn::GetAtt');
  return attribute === undefined ? undefined : `\${${list(attribute).join('.')}}`;
}

/** The logical id that a Ref, a GetAtt or a Sub of one name points to. */
export function target(node: unknown): string | undefined {
  const reference = at(node, 'Ref');
  if (typeof reference === 'string') return reference;
  const attribute = at(node, 'Fn::GetAtt');
  if (typeof attribute === 'string') return attribute.split('.')[0];
  if (Array.isArray(attribute)) return String(attribute[0]);
  const text = at(node, 'Fn::Sub');
  return typeof text === 'string' ? /\$\{([^.}]+)/.exec(text)?.[1] : undefined;
}
