import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { commandFaults, type Project } from './command-rules.ts';
import { shellCommands, type ShellCommand } from './shell-commands.ts';

/** Set by the shell, or by whoever sits at it. */
const environment = ['EDITOR', 'HOME', 'PWD'];

/** The blocks of a Markdown document whose fence bears this label. */
export function fencedBlocks(document: string, label: string): string[] {
  const blocks = document.matchAll(/^```([^\n]*)\n([^]*?)^```$/gm);
  return [...blocks].flatMap(([, info, text = '']) => (info === label ? [text] : []));
}

/** Commands that stand in a sentence. */
function inlineCommands(document: string): string[] {
  const prose = document.replaceAll(/^```[^]*?^```$/gm, '');
  return [...prose.matchAll(/`([^`\n]+)`/g)]
    .map(([, code = '']) => code)
    .filter((code) => /^(?:[A-Z_]+=\S+ )*(?:npm (?:ci|run|start|test)|sam|aws|git|node) /.test(`${code} `));
}

/** One sentence for each command of a document that would not do what it says. */
export function documentFaults(document: string, project: Project): string[] {
  const blocks = fencedBlocks(document, 'sh');
  const scripts = blocks.map((block) => shellCommands(block));
  const inline = inlineCommands(document).flatMap((code) => shellCommands(code));
  const functions = scripts.flat().flatMap(({ within }) => within ?? []);
  const all = [...scripts.flat(), ...inline];
  return [
    ...syntaxFaults(blocks.join('\n')),
    ...all.flatMap((command) => commandFaults(command, functions, project)),
    ...variableFaults(scripts),
  ];
}

/** What bash says of a script that it would not even begin with. */
export function syntaxFaults(script: string): string[] {
  const { status, stderr } = spawnSync('bash', ['-n'], { input: script, encoding: 'utf8' });
  return status === 0 ? [] : [`bash does not understand a block: ${stderr.trim()}.`];
}

/** A variable must be set somewhere before it is used, in a block of the same document. */
function variableFaults(scripts: readonly (readonly ShellCommand[])[]): string[] {
  const set = new Set(environment);
  const faults: string[] = [];
  for (const command of scripts.flat()) {
    const isArgument = (name: string): boolean => command.within !== undefined && /^[0-9@]$/.test(name);
    for (const name of command.variables)
      if (!set.has(name) && !isArgument(name)) faults.push(`$${name} is used before it is set.`);
    for (const { name } of command.assignments) set.add(name);
    const [first, ...others] = command.words;
    if (first === 'for' || first === 'read') set.add(others.find((word) => !word.startsWith('-')) ?? '');
    if (first === 'export') for (const word of others) set.add(word.split('=')[0] ?? '');
    if (first === 'unset') for (const name of others) set.delete(name);
  }
  return faults;
}

/** One sentence for each link to a file or a heading that is not there. */
export function linkFaults(path: string): string[] {
  const document = readFileSync(path, 'utf8');
  const links = [...document.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
  return links
    .filter((link) => !/^https?:/.test(link))
    .filter((link) => {
      const [file = '', heading] = link.split('#');
      const target = file === '' ? path : join(dirname(path), file);
      if (!existsSync(target)) return true;
      return heading !== undefined && !headingsOf(readFileSync(target, 'utf8')).includes(heading);
    })
    .map((link) => `The link ${link} leads nowhere.`);
}

/** The anchors that GitHub gives to the headings of a document. */
function headingsOf(document: string): string[] {
  return [...document.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s-]/gu, '')
      .replaceAll(' ', '-'),
  );
}
