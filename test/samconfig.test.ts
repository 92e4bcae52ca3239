import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { parseTemplate } from '../local/intrinsics.ts';
import { parameterSchema, parameterValues } from '../local/template-parameters.ts';

const root = join(import.meta.dirname, '..');
const templateSchema = z.looseObject({ Parameters: z.record(z.string(), parameterSchema) });
const template = templateSchema.parse(parseTemplate(readFileSync(join(root, 'template.yaml'), 'utf8')));

/** What `sam deploy --config-env NAME` is given, by environment: one section each, joined lines, no other TOML. */
const environments = readFileSync(join(root, 'samconfig.toml'), 'utf8')
  .replaceAll(/\\\n\s*/g, '')
  .split(/^\[(?=\w+\.deploy\.parameters\]$)/m)
  .slice(1)
  .map((section) => ({
    name: /^\w+/.exec(section)?.[0] ?? '',
    setting: (key: string) => new RegExp(`^${key} = "*([^"\n]*)"*$`, 'm').exec(section)?.[1],
  }));

function parametersOf(overrides = ''): Record<string, string> {
  const pairs = [...overrides.matchAll(/(\w+)=(\S+)/g)];
  return Object.fromEntries(pairs.map(([, name = '', value = '']) => [name, value] as const));
}

test('there are the environments dev, staging and prod, and none by default', () => {
  expect(environments.map(({ name }) => name)).toEqual(['dev', 'staging', 'prod']);
});

test.each(['stack_name', 's3_prefix'])('no two environments share a %s', (key) => {
  const values = environments.map(({ setting }) => setting(key));
  expect(values).not.toContain(undefined);
  expect(new Set(values).size).toBe(values.length);
});

describe.each(environments)('$name', ({ name, setting }) => {
  test('gives the template every parameter it needs, and none that it does not know', () => {
    const values = parameterValues(template.Parameters, parametersOf(setting('parameter_overrides')));
    expect(values['EnvironmentName']).toBe(name);
    expect(values['AllowPrivateSources']).toBe('false');
  });

  test('asks before it changes anything, and may make the roles of the functions', () => {
    expect(setting('confirm_changeset')).toBe('true');
    expect(setting('resolve_s3')).toBe('true');
    expect(setting('capabilities')).toBe('CAPABILITY_IAM');
  });
});
