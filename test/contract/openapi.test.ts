import { describe, expect, test } from 'vitest';
import { loadShowpadContract, type Exchange } from './openapi.ts';

const contract = loadShowpadContract();

function exchange(overrides: Partial<Exchange>): Exchange {
  return {
    method: 'GET',
    path: '/v4/assets',
    query: '',
    headers: { 'content-type': 'application/json' },
    body: undefined,
    status: null,
    answer: undefined,
    answerMediaType: null,
    ...overrides,
  };
}

const create = { method: 'POST', body: { name: 'a', division: { id: 'd' } } };

describe.skipIf(contract === undefined)('the check of an exchange against the OpenAPI document', () => {
  test('finds nothing against an exchange that conforms', () => {
    const answer = { count: 1, items: [{ id: 'a', externalId: null, createdAt: '2026-01-01T00:00:00Z' }] };
    const good = exchange({
      query: 'ids=a,b&limit=2',
      status: 200,
      answer,
      answerMediaType: 'application/json',
    });
    expect(contract?.violations(good)).toEqual([]);
  });

  test.each<[string, Partial<Exchange>, string]>([
    ['an operation that does not exist', { method: 'PATCH' }, 'no such operation'],
    [
      'an unknown query parameter',
      { query: 'status=active' },
      'the query parameter status is not in the document',
    ],
    [
      'a query parameter of the wrong type',
      { query: 'limit=many' },
      'query parameter limit: must be integer',
    ],
    ['a query parameter out of range', { query: 'limit=1001' }, 'query parameter limit: must be <= 1000'],
    ['a repeated query parameter', { query: 'limit=1&limit=2' }, 'query parameter limit: must be integer'],
    ['a body where none is taken', { body: {} }, 'takes no body'],
    ['a body of another media type', { ...create, headers: { 'content-type': 'text/plain' } }, 'text/plain'],
    [
      'a required property that is missing',
      { ...create, body: { name: 'a' } },
      "required property 'division'",
    ],
    ['an unknown property', { ...create, body: { ...create.body, colour: 'red' } }, '(colour)'],
    [
      'an unknown property of a nested object',
      { ...create, body: { name: 'a', division: { id: 'd', name: 'n' } } },
      '(name)',
    ],
    [
      'a null that is not allowed',
      { ...create, body: { ...create.body, tags: null } },
      '/tags: must be array',
    ],
    [
      'a date that is none',
      { ...create, body: { ...create.body, expiresAt: 'soon' } },
      '/expiresAt: must match format',
    ],
    ['a status that is not documented', { status: 418 }, 'the status 418 is not in the document'],
    [
      'an answer of another media type',
      { status: 200, answer: {}, answerMediaType: 'text/html' },
      'text/html',
    ],
    [
      'an answer of the wrong shape',
      { status: 200, answer: { count: 'one' }, answerMediaType: 'application/json' },
      '/count: must be integer',
    ],
  ])('finds %s', (_, overrides, expected) => {
    expect(contract?.violations(exchange(overrides)).join('\n')).toContain(expected);
  });

  test('takes a literal path for itself and not for an id', () => {
    const query = { method: 'POST', path: '/v4/assets/query', body: { query: 'name = "a"' } };
    expect(contract?.violations(exchange(query))).toEqual([]);
  });
});
