import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Operation } from '../../lib/showpad/errors.ts';
import { operationGroupOf, operationGroups } from '../../lib/showpad-operations.ts';

const folder = join(import.meta.dirname, '../../lib/showpad');
const operations = readdirSync(folder)
  .map((file) => readFileSync(join(folder, file), 'utf8'))
  .flatMap(
    (text) => text.match(/(?<=peration(?:: Operation)?(?::| =) ')(?:GET|POST|PUT|DELETE) [^']+/g) ?? [],
  )
  .map((operation) => operation as Operation);

it('every call that the client can make is in a group', () => {
  expect(operations.length).toBeGreaterThan(30);
  expect(operations.filter((operation) => operationGroupOf(operation) === 'other')).toEqual([]);
});

it('every group has a call', () => {
  const used = new Set(operations.map((operation) => operationGroupOf(operation)));
  expect(operationGroups.filter((group) => !used.has(group))).toEqual(['other']);
});
