import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { reasons } from '../../lib/reasons.ts';

const readme = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8');

/** The list under a heading, item by item. */
function listUnder(heading: string): string[] {
  const section = readme.split(`\n### ${heading}\n`)[1]?.split(/\n##+ /)[0] ?? '';
  return section.split('\n').filter((line) => line.startsWith('- '));
}

test('the runbook has every reason code, with what to do in the words of the job itself', () => {
  const wanted = Object.entries(reasons).map(
    ([code, { retryable, advice }]) => `- \`${code}\`${retryable ? ' ↻' : ''}: ${advice}`,
  );
  expect(listUnder('Reason codes')).toEqual(wanted);
});
