import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readTemplate } from '../local/template.ts';

const root = join(import.meta.dirname, '..');

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

test.each(['stack_name', 's3_prefix', 'tags'])('no two environments share a %s', (key) => {
  const values = environments.map(({ setting }) => setting(key));
  expect(values).not.toContain(undefined);
  expect(new Set(values).size).toBe(values.length);
});

test.each(['EnvironmentName', 'ShowpadSecretArn', 'SourcesSecretArn'])(
  'no two environments share a %s',
  (name) => {
    const values = environments.map(({ setting }) => parametersOf(setting('parameter_overrides'))[name]);
    expect(values).not.toContain(undefined);
    expect(new Set(values).size).toBe(values.length);
  },
);

describe.each(environments)('$name', ({ name, setting }) => {
  const given = parametersOf(setting('parameter_overrides'));

  test('gives the template every parameter it needs, and none that it does not know', () => {
    const region = setting('region') ?? '';
    const names = { reference: (id: string) => id, attribute: (id: string) => id };
    const { functions } = readTemplate(join(root, 'template.yaml'), given, region).describe(names);
    const variables = functions[0]?.properties.Environment.Variables;
    expect(given['EnvironmentName']).toBe(name);
    expect(variables).toMatchObject({
      ALLOW_PRIVATE_SOURCES: 'false',
      SHOWPAD_V4_URL: expect.stringMatching(/^https:\/\/acme(?:-\w+)?\.api\.showpad\.com\/v4$/),
      SHOWPAD_V3_URL: expect.stringMatching(/^https:\/\/acme(?:-\w+)?\.showpad\.biz\/api\/v3$/),
    });
  });

  test('has secrets, a stack and tags of its own name, where it is deployed', () => {
    const place = `:secretsmanager:${setting('region') ?? ''}:`;
    for (const secret of ['showpad', 'sources']) {
      const arn = given[secret === 'showpad' ? 'ShowpadSecretArn' : 'SourcesSecretArn'];
      expect(arn).toContain(place);
      expect(arn).toContain(`:secret:showpad-connector/${name}/${secret}-`);
    }
    expect(setting('stack_name')).toBe(`showpad-connector-${name}`);
    expect(setting('tags')).toBe(`application=showpad-connector environment=${name}`);
  });

  test('asks before it changes anything, and may make the roles of the functions', () => {
    expect(setting('confirm_changeset')).toBe('true');
    expect(setting('resolve_s3')).toBe('true');
    expect(setting('capabilities')).toBe('CAPABILITY_IAM');
  });
});
