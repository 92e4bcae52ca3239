import { describe, expect, it } from 'vitest';
import { newTraceId, readTraceId, traceIdOfParent, traceIdOfXRay } from '../../lib/trace-id.ts';

const id = '4bf92f3577b34da6a3ce929d0e0e4736';
const long = 'a'.repeat(10_000);

describe('a traceparent', () => {
  it.each([
    ['of today', `00-${id}-00f067aa0ba902b7-01`],
    ['that is not sampled', `00-${id}-00f067aa0ba902b7-00`],
    ['of a version to come', `cc-${id}-00f067aa0ba902b7-01`],
    ['of a version to come with more fields', `cc-${id}-00f067aa0ba902b7-01-what-the-future-will-be-like`],
  ])('%s names its trace', (_what, text) => {
    expect(traceIdOfParent(text)).toBe(id);
  });

  it.each([
    ['of the version that is none', `ff-${id}-00f067aa0ba902b7-01`],
    ['of today with more fields', `00-${id}-00f067aa0ba902b7-01-more`],
    ['with another separator in the end', `cc-${id}-00f067aa0ba902b7-01.more`],
    ['with a trace of zeros', `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`],
    ['with a parent of zeros', `00-${id}-0000000000000000-01`],
    ['in upper case', `00-${id.toUpperCase()}-00f067aa0ba902b7-01`],
    ['that is too short', `00-${id.slice(1)}-00f067aa0ba902b7-01`],
    ['that came twice', `00-${id}-00f067aa0ba902b7-01,00-${id}-00f067aa0ba902b7-01`],
    ['with a line break', `00-${id}-00f067aa0ba902b7-01\n`],
    ['with a forged line behind it', `cc-${id}-00f067aa0ba902b7-01-\n{"level":"ERROR"}`],
    ['with space around it', ` 00-${id}-00f067aa0ba902b7-01 `],
    ['of 10 KB', `00-${long}-00f067aa0ba902b7-01`],
    ['that is empty', ''],
    ['that is a number', 4],
    ['that is null', null],
    ['that is a list', [`00-${id}-00f067aa0ba902b7-01`]],
    ['that is not there', undefined],
  ])('%s is ignored', (_what, value) => {
    expect(traceIdOfParent(value)).toBeUndefined();
  });
});

describe("X-Ray's header", () => {
  it.each([
    ['alone', 'Root=1-4bf92f35-77b34da6a3ce929d0e0e4736'],
    ['of a sampled trace', 'Root=1-4bf92f35-77b34da6a3ce929d0e0e4736;Parent=53995c3f42cd8ad8;Sampled=1'],
    [
      'behind a load balancer',
      'Self=1-67891234-abcdef012345678912345678;Root=1-4bf92f35-77b34da6a3ce929d0e0e4736',
    ],
    ['with a lineage', 'Root=1-4bf92f35-77b34da6a3ce929d0e0e4736;Sampled=0;Lineage=25:a87bd80c:1'],
  ])('%s names its trace as the W3C would', (_what, header) => {
    expect(traceIdOfXRay(header)).toBe(id);
  });

  it.each([
    ['without a root', 'Parent=53995c3f42cd8ad8;Sampled=1'],
    ['of another version', 'Root=2-4bf92f35-77b34da6a3ce929d0e0e4736'],
    ['of zeros', `Root=1-00000000-${'0'.repeat(24)}`],
    ['that is too long', `Root=1-4bf92f35-77b34da6a3ce929d0e0e4736${long}`],
    ['with a line break', 'Root=1-4bf92f35-77b34da6a3ce929d0e0e4736\n'],
    ['that is empty', ''],
    ['that is not there', undefined],
  ])('%s is ignored', (_what, header) => {
    expect(traceIdOfXRay(header)).toBeUndefined();
  });
});

it('a trace id is 32 lower-case hex digits and nothing else', () => {
  expect(readTraceId(id)).toBe(id);
  for (const value of [
    '',
    '0'.repeat(32),
    id.toUpperCase(),
    `${id}\n`,
    `${id}0`,
    long,
    7,
    undefined,
    { id },
  ]) {
    expect(readTraceId(value)).toBeUndefined();
  }
});

it('a new trace id is one, and new', () => {
  const ids = Array.from({ length: 100 }, newTraceId);
  expect(ids.map(readTraceId)).toEqual(ids);
  expect(new Set(ids).size).toBe(100);
});
