import { describe, expect, it } from 'vitest';
import { parseCommandLine } from '../../cli/command-line.ts';
import { commands } from '../../cli/commands.ts';
import { ReaderError } from '../../cli/reader-error.ts';
import { usage } from '../../cli/usage.ts';

function faultOf(arguments_: readonly string[]): ReaderError {
  try {
    parseCommandLine(arguments_);
  } catch (error) {
    if (error instanceof ReaderError) return error;
    throw error;
  }
  throw new Error('It was accepted.');
}

describe('a command line of the reader', () => {
  it('names a command, its filters and the form of the output', () => {
    const given = ['assets', 'list', '--tag', 'a', '--tag', 'b', '--name', 'c', '--limit', '7', '--json'];
    expect(parseCommandLine(given)).toEqual({
      command: commands.get('assets list'),
      operand: '',
      filters: { tag: ['a', 'b'], name: 'c' },
      output: { format: 'json', limit: 7 },
    });
  });

  it('has an operand where the command takes one, at any place', () => {
    expect(parseCommandLine(['--limit', 'all', 'query', 'name ~ "x"'])).toMatchObject({
      command: commands.get('query'),
      operand: 'name ~ "x"',
      output: { format: 'table', limit: Infinity },
    });
    expect(parseCommandLine(['query', '--', '-1w <= updatedAt'])?.operand).toBe('-1w <= updatedAt');
  });

  it.each([['--help'], ['-h'], ['no', 'such', 'command', '--help']])(
    'asks for help by %s',
    (...arguments_) => {
      expect(parseCommandLine(arguments_)).toBeNull();
    },
  );

  it.each([
    [[], 'What should be read?'],
    [['assets'], 'There is no command “assets”. There are: assets list, '],
    [['assets', 'lost'], 'There is no command “assets lost”.'],
    [['assets', 'list', '--colour', 'red'], "Unknown option '--colour'"],
    [['assets', 'list', '--name'], "Option '--name <value>' argument missing"],
    [['divisions', 'list', '--tag', 'x'], 'divisions list has no option --tag.'],
    [['divisions', 'list', 'all'], '“all” is too much'],
    [['assets', 'list', '--name', ''], '--name is empty.'],
    [['assets', 'list', '--tag', 'a', '--tag', ''], '--tag is empty.'],
    [['assets', 'get'], 'assets get needs its ASSET_ID.'],
    [['query', ' '], 'query needs its SHOWQL.'],
    [['query', 'name', '~', 'x'], 'query takes one SHOWQL: put it in quotes.'],
    [['tags', 'list', '--limit', '0'], '--limit must be a whole number from 1 on, or all.'],
    [['tags', 'list', '--limit', 'many'], '--limit must be a whole number from 1 on, or all.'],
    [['tags', 'list', '--json', '--jsonl'], 'choose one'],
  ])('%j is refused with the reason and where to read more', (arguments_, message) => {
    const fault = faultOf(arguments_);
    expect(fault.exitCode).toBe(2);
    expect(fault.message).toContain(message);
    expect(fault.message).toContain('npm run showpad -- --help');
  });

  it('may have every command and option that the usage shows, and no others', () => {
    const shown = [...usage.matchAll(/^ {2}([a-z-]+(?: (?:list|get))?)(?= |$)(.*)$/gm)]
      .map(([, name = '', rest = '']) => ({
        name,
        operand: /^ '?([A-Z_]+)/.exec(rest)?.[1],
        filters: [...rest.matchAll(/--([a-z-]+)/g)].map(([, option]) => option),
      }))
      .filter(({ name }) => commands.has(name));
    expect(shown).toEqual(
      [...commands].map(([name, { operand, filters }]) => ({ name, operand, filters: [...filters] })),
    );
  });
});
