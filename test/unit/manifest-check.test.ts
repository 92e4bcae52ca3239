import { expect, test } from 'vitest';
import { checkManifest, describeFault } from '../../lib/manifest/check-manifest.ts';
import { SubjectSearch, type Share } from '../../lib/manifest/subject-search.ts';

const place = (row: number) => ({
  source: 'dam',
  eventId: `import/${row}`,
  time: new Date('2026-11-30T09:00:00Z'),
  bucket: 'inbox',
});

function check(content: string, mostSlots?: number) {
  const open = async () => {
    async function* pieces() {
      for (let at = 0; at < content.length; at += 1_000) yield Buffer.from(content.slice(at, at + 1_000));
    }
    return pieces();
  };
  return checkManifest(open, { format: 'csv', place }, mostSlots === undefined ? {} : { mostSlots });
}

test('a subject that stands twice is refused with both lines', async () => {
  const { rows, invalidRows, duplicates, faults } = await check(
    'subject,description\na,x\nb,"y\nz"\na,w\nb,v\n',
  );
  expect({ rows, invalidRows, duplicates }).toEqual({ rows: 4, invalidRows: 2, duplicates: [3, 4] });
  expect(faults.map(describeFault)).toEqual([
    'line 5, subject: names “a” like line 2: each subject may stand once',
    'line 6, subject: names “b” like line 3: each subject may stand once',
  ]);
});

test('only the first hundred faults are kept, and all are counted', async () => {
  const { faults, faultCount, isReadable } = await check(`subject,url\n${'a,b\n'.repeat(5_000)}`);
  expect(faults).toHaveLength(100);
  expect(faultCount).toBe(5_000);
  expect(isReadable).toBe(true);
});

test('a file without rows cannot be imported', async () => {
  expect(await check('subject,url\n')).toMatchObject({ isReadable: false, rows: 0, faultCount: 1 });
});

test('more subjects than fit into memory are searched in several readings, with the same outcome', async () => {
  const subjects = Array.from({ length: 1_000 }, (_, index) => `s-${index}`);
  const lines = [...subjects, 's-17', 's-999', 's-700'].map((subject) => `${subject},x`);
  const content = `subject,description\n${lines.join('\n')}\n`;
  const small = await check(content, 256);
  expect(small).toEqual(await check(content));
  expect(small.duplicates.toSorted((left, right) => left - right)).toEqual([1_001, 1_002, 1_003]);
});

test('the shares of a search cover every subject once', () => {
  const subjects = Array.from({ length: 600 }, (_, index) => `s-${index}`);
  const found = new Map<string, number>();
  const shares: Share[] = [{ bits: 0, value: 0 }];
  for (let share = shares.pop(); share !== undefined; share = shares.pop()) {
    const search = new SubjectSearch(share, 128);
    for (const [line, subject] of subjects.entries()) search.add(subject, line + 1);
    for (const subject of subjects) {
      if (search.add(subject, 0) !== null) found.set(subject, (found.get(subject) ?? 0) + 1);
    }
    shares.push(...search.left);
  }
  expect(found.size).toBe(600);
  expect(new Set(found.values())).toEqual(new Set([1]));
});
