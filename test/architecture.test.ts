import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { architectureRules } from './architecture-rules.ts';
import { importsOf, readSources } from './source-graph.ts';

const sources = readSources(join(import.meta.dirname, '..'));

describe.each(architectureRules)('$name', ({ faults, example }) => {
  test('holds', () => {
    expect(faults(sources)).toEqual([]);
  });

  test('objects to a file that breaks it', () => {
    expect(faults([example])).not.toEqual([]);
  });
});

describe('the rules see', () => {
  test.each(['bench', 'functions', 'lib', 'local', 'test', 'build.ts'])('%s', (place) => {
    expect(sources.some(({ path }) => path.split('/')[0] === place)).toBe(true);
  });

  test.each([
    ["import './a.ts';", 'lib/a.ts'],
    ["import type { A } from './a.ts';", 'lib/a.ts'],
    ["import {\n  a,\n  b,\n} from '../functions/a.ts';", 'functions/a.ts'],
    ["export * from './a.ts';", 'lib/a.ts'],
    ["  const { a } = await import('./a.ts');", 'lib/a.ts'],
    ["import a, { type A } from '@scope/a/b';", '@scope/a/b'],
  ])('the import in %j', (text, imported) => {
    expect(importsOf({ path: 'lib/from.ts', text })).toEqual([imported]);
  });
});
