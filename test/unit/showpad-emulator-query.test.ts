import * as fc from 'fast-check';
import * as z from 'zod';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startShowpadEmulator, type ShowpadEmulator } from '../../local/showpad/showpad-emulator.ts';
import { parseShowql } from '../../local/showpad/showql/parse-showql.ts';
import { ShowqlError } from '../../local/showpad/showql/showql-error.ts';
import { createShowpadCaller } from '../showpad-caller.ts';

const dayMs = 86_400_000;

let nowMs: number;
let showpad: ShowpadEmulator;
let caller: ReturnType<typeof createShowpadCaller>;

beforeEach(async () => {
  nowMs = Date.parse('2026-11-23T12:00:00Z');
  showpad = await startShowpadEmulator({
    now: () => nowMs,
    divisions: [
      { name: 'Marketing', id: 'marketing', isAssetSharingEnabled: true },
      { name: 'Sales', id: 'sales' },
    ],
    tags: [{ name: 'Spring', division: 'Marketing', id: 'spring' }],
  });
  caller = createShowpadCaller(showpad);
});

afterEach(() => showpad.close());

const answerSchema = z.object({ items: z.array(z.object({ name: z.string() })) });

const ask = (query: string) => caller.call('POST', '/assets/query', { body: { query } });

async function found(query: string): Promise<string[]> {
  const { status, json } = await ask(query);
  expect(status).toBe(200);
  return answerSchema
    .parse(json)
    .items.map(({ name }) => name)
    .toSorted();
}

describe('a query', () => {
  beforeEach(async () => {
    const leaflet = await caller.createAsset({
      name: 'Leaflet eOS.pdf',
      tags: [{ id: 'spring' }],
      languages: [{ code: 'en' }],
      countries: [{ code: 'BE' }],
      expiresAt: '2026-11-26T12:00:00Z',
      isDivisionShared: true,
    });
    Object.assign(leaflet, { views: 600, likes: 6 });
    nowMs += 14 * dayMs;
    await caller.createAsset({
      name: 'film.mp4',
      division: { id: 'sales' },
      isArchived: true,
      permissions: { isShareable: false },
      expiresAt: '2026-12-10T12:00:00Z',
    });
  });

  const leaflet = 'Leaflet eOS.pdf';
  const film = 'film.mp4';

  test.each<[string, string[]]>([
    ['name ~ "eos"', [leaflet]],
    ['name = "film.mp4"', [film]],
    ['name = "film"', []],
    ['type = "video"', [film]],
    ['views > 500', [leaflet]],
    ['views >= 600 AND views <= 600 AND likes < 6.5', [leaflet]],
    ['views = 0', [film]],
    ['likes > -1', [leaflet, film]],
    ['updatedAt >= -1w', [film]],
    ['createdAt < -13d', [leaflet]],
    ['expiresAt < 1w AND expiresAt > 0d', [film]],
    ['archivedAt IS EMPTY', [leaflet]],
    ['archivedAt IS NOT EMPTY', [film]],
    ['archivedAt > -1d', [film]],
    ['(languages IS EMPTY OR countries IS EMPTY) AND (archivedAt IS EMPTY)', []],
    ['languages IS EMPTY OR countries IS EMPTY', [film]],
    ['tags ~ "spring"', [leaflet]],
    ['tags ~ "spr"', []],
    ['languages ~ "en" AND countries ~ "BE"', [leaflet]],
    ['division = "sales"', [film]],
    ['division = "Sales"', []],
    ['isShareable = false', [film]],
    ['isDivisionShared = true', [leaflet]],
    ['name ~ "o" AND type = "video" OR name ~ "leaflet"', [leaflet]],
    ['name ~ "o" AND (type = "video" OR name ~ "leaflet")', [leaflet]],
    ['type = "document" OR type = "video" AND views > 500', [leaflet]],
    ['(type = "document" OR type = "video") AND views = 0', [film]],
    [Array.from({ length: 200 }, () => '(views > 5)').join(' OR '), [leaflet]],
    ['  name~"eOS"\n AND((views>5))', [leaflet]],
  ])('%s', async (query, names) => {
    expect(await found(query)).toEqual(names.toSorted());
  });

  test.each<[string, number, string]>([
    ['', 0, 'Syntax error'],
    ['name ~', 6, 'Syntax error'],
    ['name ~ "eOS" AND', 16, 'Syntax error'],
    ['name ~ "eOS" views > 5', 13, 'Syntax error'],
    ['name ~ "eOS', 7, 'Syntax error'],
    [String.raw`name ~ "a\"b"`, 7, 'Syntax error'],
    ["name ~ 'eOS'", 7, 'Syntax error'],
    ['name ~ 5', 7, 'Syntax error'],
    ['views > "5"', 8, 'Syntax error'],
    ['createdAt > "2026-01-01T00:00:00Z"', 12, 'Syntax error'],
    ['createdAt > 1y', 12, 'Syntax error'],
    ['isShareable = "true"', 14, 'Syntax error'],
    ['(name ~ "eOS"', 13, 'Syntax error'],
    ['name ~ "eOS")', 12, 'Syntax error'],
    ['name != "eOS"', 5, 'Syntax error'],
    ['NOT name = "eOS"', 0, 'Unknown field NOT'],
    ['name IN ("a")', 5, 'Syntax error'],
    ['name ~ "eOS" and views > 5', 13, 'Syntax error'],
    ['name IS NULL', 8, 'Syntax error'],
    ['name > "a"', 5, 'Operator > is not supported'],
    ['tags = "spring"', 5, 'Operator = is not supported'],
    ['views ~ 5', 6, 'Operator ~ is not supported'],
    ['externalId = "demo:1"', 0, 'Unknown field externalId'],
    ['name ~ "a" ORDER BY tags', 20, 'Field tags has no order'],
    ['name ~ "a" ORDER BY name DESC, views', 29, 'Syntax error'],
    ['ORDER BY name', 0, 'Unknown field ORDER'],
    [`${'('.repeat(9000)}name = "a"${')'.repeat(9000)}`, 100, 'Syntax error'],
  ])('is refused with the place of its fault: %s', async (query, position, what) => {
    const { status, headers, json } = await ask(query);
    expect(status).toBe(400);
    expect(headers['content-type']).toBe('application/problem+json');
    expect(json).toEqual({
      title: 'Bad Request',
      detail: 'The ShowQL query is invalid',
      status: 400,
      meta: [{ name: 'query', reason: `${what} at character ${String(position)}`, category: 'ParseError' }],
      type: '/problems/bad-request',
    });
  });

  test("is refused in the shape of the document's example where that is switched on", async () => {
    Object.assign(showpad.switches, { problemStatusAsString: true, problemMetaAsObject: true });
    expect((await ask('name ~')).json).toEqual({
      title: 'Bad Request',
      detail: 'The ShowQL query is invalid',
      status: '400',
      meta: { name: 'query', reason: 'Syntax error at character 6', category: 'ParseError' },
      type: '/problems/bad-request',
    });
  });
});

test('whatever text is sent as a query, it is understood or refused with a place inside of it', () => {
  const words = ['name', 'tags', 'views', '~', '=', '"a"', '5', '-1w', 'AND', 'OR', '(', ')', 'IS', 'EMPTY'];
  const text = fc.oneof(
    fc.string(),
    fc.array(fc.constantFrom(...words)).map((parts) => parts.join(' ')),
  );
  fc.assert(
    fc.property(text, (query) => {
      try {
        parseShowql(query, nowMs);
      } catch (error) {
        if (!(error instanceof ShowqlError)) throw error;
        expect(error.position).toBeGreaterThanOrEqual(0);
        expect(error.position).toBeLessThanOrEqual(query.length);
      }
    }),
  );
});
