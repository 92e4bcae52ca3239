import { parse } from 'yaml';
import type { CollectionTag, ScalarTag, Tags } from 'yaml';

/** What `Ref` and `GetAtt` mean while a template is resolved. */
export interface Resolver {
  reference(name: string): unknown;
  attribute(logicalId: string, attribute: string): unknown;
  condition(name: string): boolean;
}

const scalarTag = (name: string): ScalarTag => ({
  tag: `!${name}`,
  resolve: (value) => ({ [longName(name)]: value }),
});
const sequenceTag = (name: string): CollectionTag => ({
  tag: `!${name}`,
  collection: 'seq',
  resolve: (sequence) => ({ [longName(name)]: sequence.toJSON() as unknown }),
});
const longName = (name: string): string => (name === 'Ref' || name === 'Condition' ? name : `Fn::${name}`);

const tags: Tags = [
  ...['Ref', 'GetAtt', 'Sub', 'Condition'].map(scalarTag),
  ...['GetAtt', 'Sub', 'Equals', 'Not', 'And', 'Or', 'If', 'Join', 'Select', 'Split'].map(sequenceTag),
];

/** Reads a CloudFormation template; short tags such as `!Ref` become their long forms. */
export function parseTemplate(source: string): unknown {
  return parse(source, { customTags: tags, strict: true, logLevel: 'error' });
}

/**
 * Replaces every intrinsic function below `node` by its value.
 * @throws {Error} on a function it does not know: nothing is passed on unresolved.
 */
export function resolve(node: unknown, resolver: Resolver): unknown {
  if (Array.isArray(node)) {
    return node.map((item) => resolve(item, resolver)).filter((item) => item !== noValue);
  }
  if (!isRecord(node)) return node;
  const [key, ...others] = Object.keys(node);
  if (key !== undefined && others.length === 0 && isIntrinsic(key)) return call(key, node[key], resolver);
  return Object.fromEntries(
    Object.entries(node)
      .map(([name, value]) => [name, resolve(value, resolver)] as const)
      .filter(([, value]) => value !== noValue),
  );
}

const noValue = Symbol('AWS::NoValue');
const isIntrinsic = (key: string): boolean => key === 'Ref' || key === 'Condition' || key.startsWith('Fn::');
const isRecord = (node: unknown): node is Record<string, unknown> =>
  typeof node === 'object' && node !== null && !Array.isArray(node);

function call(name: string, argument: unknown, resolver: Resolver): unknown {
  const values = (): unknown[] => {
    const list = resolve(argument, resolver);
    if (!Array.isArray(list)) throw new Error(`The template's ${name} needs a list.`);
    return list;
  };
  switch (name) {
    case 'Ref':
      return text(argument) === 'AWS::NoValue' ? noValue : resolver.reference(text(argument));
    case 'Condition':
      return resolver.condition(text(argument));
    case 'Fn::GetAtt': {
      const [logicalId = '', ...path] = Array.isArray(argument)
        ? argument.map(text)
        : text(argument).split('.');
      return resolver.attribute(logicalId, path.join('.'));
    }
    case 'Fn::Sub':
      return substitute(argument, resolver);
    case 'Fn::Equals': {
      const [left, right] = values();
      return String(left) === String(right);
    }
    case 'Fn::Not':
      return values()[0] !== true;
    case 'Fn::And':
      return values().every((value) => value === true);
    case 'Fn::Or':
      return values().some((value) => value === true);
    case 'Fn::If': {
      const [condition, whenTrue, whenFalse] = Array.isArray(argument) ? (argument as unknown[]) : [];
      return resolve(resolver.condition(text(condition)) ? whenTrue : whenFalse, resolver);
    }
    case 'Fn::Join': {
      const [separator, parts] = values();
      if (!Array.isArray(parts)) throw new Error("The template's Fn::Join needs a list of parts.");
      return parts.map(text).join(text(separator));
    }
    case 'Fn::Select': {
      const [index, list] = values();
      const item: unknown = Array.isArray(list) ? list[Number(index)] : undefined;
      if (item === undefined) throw new Error("The template's Fn::Select points outside of its list.");
      return item;
    }
    case 'Fn::Split': {
      const [separator, whole] = values();
      return text(whole).split(text(separator));
    }
    default:
      throw new Error(
        `The template uses ${name}, which the local stack does not know. Teach local/intrinsics.ts.`,
      );
  }
}

function substitute(argument: unknown, resolver: Resolver): string {
  const whole: unknown[] = Array.isArray(argument) ? argument : [argument];
  const [pattern, variables] = whole;
  const own = isRecord(variables) ? variables : {};
  return text(pattern).replaceAll(/\$\{(!?)([^}]+)\}/g, (_whole, literal: string, name: string) => {
    if (literal === '!') return `\${${name}}`;
    if (Object.hasOwn(own, name)) return text(resolve(own[name], resolver));
    const [logicalId = '', ...path] = name.split('.');
    return text(path.length > 0 ? resolver.attribute(logicalId, path.join('.')) : resolver.reference(name));
  });
}

function text(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw new Error(`The template has ${JSON.stringify(value)} where a text is needed.`);
}
