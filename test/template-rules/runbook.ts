import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { at, textOf, type NamedResource } from './rule.ts';

const readme = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8');
const operate = readme.split(/^## /m).find((chapter) => chapter.startsWith('Operate\n')) ?? '';

/** The sections of the README's chapter for operators, as links name them. */
export const runbookSections: ReadonlySet<string> = new Set(
  [...operate.matchAll(/^### (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w -]/g, '')
      .replaceAll(' ', '-'),
  ),
);

/** The section that an alarm leads to. */
export function sectionOf({ properties }: NamedResource): string | undefined {
  const description = textOf(at(properties, 'AlarmDescription')) ?? '';
  return /\S Runbook: \$\{RunbookUrl\}#([\w-]+)$/.exec(description)?.[1];
}
