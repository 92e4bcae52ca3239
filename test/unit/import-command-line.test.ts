import { expect, test } from 'vitest';
import { duration, ImportProgress } from '../../cli/import-progress.ts';
import type { ImportStatus } from '../../cli/import-status.ts';
import { parseImportOptions } from '../../cli/import-command-line.ts';
import { findManifest } from '../../cli/manifest-file.ts';

test.each([
  [['a.csv'], 'Give --source NAME.'],
  [['--source', 'demo'], 'Which file?'],
  [['a.csv', 'b.csv', '--source', 'demo'], 'Only one file'],
  [['a.csv', '--source', 'demo', '--plann'], "Unknown option '--plann'"],
  [['--watch', 'x'], 'needs the id of an import'],
  [['--watch', 'imp_1', 'a.csv'], '--watch stands alone'],
])('%j is refused with what to do', (arguments_, message) => {
  expect(() => parseImportOptions(arguments_)).toThrow(message);
});

test('what is asked for is understood', () => {
  expect(parseImportOptions(['a.csv', '--source', 'dam', '--plan'])).toMatchObject({
    task: { kind: 'plan', file: 'a.csv', source: 'dam' },
    skipInvalid: false,
  });
  expect(parseImportOptions(['--watch', 'imp_12'])).toMatchObject({ task: { kind: 'watch', id: 'imp_12' } });
  expect(parseImportOptions(['--help'])).toBeNull();
});

test('a file that is not there, or of another kind, is refused', async () => {
  await expect(findManifest('/nowhere.csv', 'demo')).rejects.toThrow('There is no file /nowhere.csv.');
  await expect(findManifest(import.meta.filename, 'demo')).rejects.toThrow('must end with .csv or .jsonl');
});

test('the progress tells rate and remaining time', () => {
  let nowMs = 0;
  const lines: string[] = [];
  const output = { isTTY: false, columns: 80, write: (line: string) => lines.push(line) > 0 };
  const progress = new ImportProgress(output, () => nowMs);
  const rows = { total: 10_000, invalid: 0, read: 0, open: 0, done: 0, superseded: 0 };
  const status = { state: 'running', rows: { ...rows, ended: 0, unchanged: 0, failed: 0 } } as ImportStatus;
  progress.show(status);
  nowMs = 20_000;
  progress.show({ ...status, rows: { ...status.rows, ended: 900, unchanged: 100, failed: 3 } });
  expect(lines).toEqual([
    'running  0 of 10,000 rows  0 %\n',
    'running  1,000 of 10,000 rows  10 %  50 rows/s  about 3 min left  100 unchanged  3 failed\n',
  ]);
});

test.each([
  [0.2, '1 s'],
  [89, '89 s'],
  [600, '10 min'],
  [9_000, '2.5 h'],
])('%d seconds are %s', (seconds, text) => {
  expect(duration(seconds)).toBe(text);
});
