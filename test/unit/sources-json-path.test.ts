import { describe, expect, it } from 'vitest';
import { isPath, valuesAt } from '../../lib/sources/json-path.ts';

const body = {
  title: 'A',
  'dc:title': 'B',
  'with.dot': { 'and "quote"': 'C' },
  tags: [{ id: 1 }, { id: 2 }, { name: 'x' }],
  labels: { de: 'Eins', en: 'One' },
  nested: [
    [1, 2],
    [3, null],
  ],
  empty: null,
  no: false,
  zero: 0,
};
const at = (path: string, parameters?: Record<string, string>) =>
  valuesAt(body, path, parameters).map(({ value, place }) => [place, value]);

describe('a path', () => {
  it.each<[string, [string, unknown][]]>([
    ['title', [['title', 'A']]],
    ['dc:title', [['dc:title', 'B']]],
    ['["with.dot"]["and \\"quote\\""]', [['["with.dot"]["and \\"quote\\""]', 'C']]],
    ['tags[1].id', [['tags[1].id', 2]]],
    [
      'tags[*].id',
      [
        ['tags[0].id', 1],
        ['tags[1].id', 2],
      ],
    ],
    [
      'tags.*.id',
      [
        ['tags[0].id', 1],
        ['tags[1].id', 2],
      ],
    ],
    [
      'labels.*',
      [
        ['labels.de', 'Eins'],
        ['labels.en', 'One'],
      ],
    ],
    [
      'nested[*][*]',
      [
        ['nested[0][0]', 1],
        ['nested[0][1]', 2],
        ['nested[1][0]', 3],
      ],
    ],
    ['no', [['no', false]]],
    ['zero', [['zero', 0]]],
    ['empty', []],
    ['tags[7]', []],
    ['title.length', []],
    ['tags.length', []],
    ['constructor', []],
    ['__proto__.polluted', []],
    ['missing.deeper', []],
  ])('%s leads to what stands there', (path, found) => {
    expect(isPath(path)).toBe(true);
    expect(at(path)).toEqual(found);
  });

  it('takes a parameter for a key in braces, and the key itself where there is none', () => {
    expect(at('labels.{locale}', { locale: 'de' })).toEqual([['labels.de', 'Eins']]);
    expect(at('labels.{locale}', { locale: 'fr' })).toEqual([]);
    expect(at('labels.{locale}')).toEqual([]);
    // No parameter can lead anywhere else.
    expect(at('labels.{locale}', { locale: 'x.y[*]' })).toEqual([]);
  });

  it.each(['', '.', 'a.', '.a.', 'a..b', 'a[', 'a[b]', 'a[-1]', 'a["b]', 'a b[', 'a[*', 'a]'])(
    '%j is none',
    (text) => {
      expect(isPath(text)).toBe(false);
      expect(valuesAt(body, text)).toEqual([]);
    },
  );

  it('gives at most a thousand values', () => {
    const wide = { all: Array.from({ length: 5_000 }, (_, index) => index) };
    expect(valuesAt(wide, 'all[*]')).toHaveLength(1_000);
  });
});
