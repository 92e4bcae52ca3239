import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dataOf, faultsOf, fieldsOf, file, withData, withMetadata } from './event-faults.ts';
import { accepted, refused } from './metadata-examples.ts';

describe('metadata', () => {
  it.each(accepted)('takes %s in each of its forms, and nothing is added to it', (name, values) => {
    for (const value of values) {
      expect(dataOf(withMetadata({ [name]: value }))).toStrictEqual({ file, metadata: { [name]: value } });
    }
  });

  it('takes all fields at once', () => {
    const all = Object.fromEntries(accepted.map(([name, values]) => [name, values.at(-1)]));
    expect(Object.keys(all)).toHaveLength(22);
    expect(dataOf(withMetadata(all))).toStrictEqual({ file, metadata: all });
    expect(dataOf(withData('asset.metadata', { metadata: all }))).toStrictEqual({ metadata: all });
  });

  it('never gains a field that the source did not send, nor loses one', () => {
    const some = fc
      .subarray(accepted)
      .chain((fields) =>
        fc
          .tuple(
            ...fields.map(([name, values]) =>
              fc.constantFrom(...values.map((value) => [name, value] as const)),
            ),
          )
          .map((entries) => Object.fromEntries(entries)),
      );
    fc.assert(
      fc.property(some, (metadata) => {
        expect(dataOf(withMetadata(metadata))).toStrictEqual({ file, metadata });
      }),
    );
  });

  it('brings instants to UTC', () => {
    expect(dataOf(withMetadata({ expiresAt: '2026-12-31T23:30:00-01:00' }))).toEqual({
      file,
      metadata: { expiresAt: '2027-01-01T00:30:00.000Z' },
    });
  });

  it.each(refused)('names the field when %s is %j', (name, value, field) => {
    expect(fieldsOf(withMetadata({ [name]: value }))).toEqual([`data.metadata.${field}`]);
  });

  it('names every bad field at once', () => {
    const bad = { name: '', countries: ['UK'], expiresAt: 'x', shoeSize: 43, isSensitive: 'no' };
    expect(fieldsOf(withMetadata(bad)).toSorted()).toEqual([
      'data.metadata.countries[0]',
      'data.metadata.expiresAt',
      'data.metadata.isSensitive',
      'data.metadata.name',
      'data.metadata.shoeSize',
    ]);
  });

  it('names bad fields beside a file and a URL that exclude each other', () => {
    const data = { file, url: 'https://example.com', metadata: { shoeSize: 43 } };
    expect(fieldsOf(withData('asset.upsert', data)).toSorted()).toEqual(['data', 'data.metadata.shoeSize']);
  });

  it('tells nothing of the bad value itself', () => {
    const bad = {
      name: 1,
      authors: ['hunter2'],
      description: 2,
      expiresAt: 'hunter2',
      countries: ['hunter2'],
    };
    expect(JSON.stringify(faultsOf(withMetadata(bad)))).not.toContain('hunter2');
  });
});
