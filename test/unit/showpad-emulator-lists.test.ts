import * as z from 'zod';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startShowpadEmulator, type ShowpadEmulator } from '../../local/showpad/showpad-emulator.ts';
import { createShowpadCaller, only, until, upload } from '../showpad-caller.ts';

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
    tags: ['a', 'b'].map((id) => ({ name: id, id, division: 'Marketing' })),
    users: [{ email: 'jo@example.com', id: 'jo' }],
    switches: { processingMs: 0 },
  });
  caller = createShowpadCaller(showpad);
});

afterEach(() => showpad.close());

const listSchema = z.object({ count: z.number(), items: z.array(z.object({ id: z.string() })) });

async function list(path: string) {
  const { count, items } = listSchema.parse((await caller.call('GET', path)).json);
  return { count, ids: items.map(({ id }) => id) };
}

async function found(query: string): Promise<string[]> {
  return (await list(`/assets?${query}`)).ids;
}

const division = { id: 'marketing' };

describe('the list of assets', () => {
  test('is paged by offset and counts everything that matches', async () => {
    const ids: string[] = [];
    for (const name of ['a', 'b', 'c']) ids.push((await caller.createAsset({ name })).id);
    expect(await list('/assets?limit=2')).toEqual({ count: 3, ids: ids.slice(0, 2) });
    expect(await list('/assets?limit=2&offset=2')).toEqual({ count: 3, ids: ids.slice(2) });
    expect(await list('/assets?limit=0')).toEqual({ count: 3, ids: [] });
    expect((await caller.call('GET', '/assets?limit=1001')).status).toBe(400);
    expect((await caller.call('GET', '/assets?offset=-1')).status).toBe(400);
  });

  test('is filtered by every documented parameter', async () => {
    const tags = [{ id: 'a' }, { id: 'b' }];
    const one = await caller.createAsset({ name: 'Leaflet.pdf', externalId: 'demo:1', tags });
    const two = await caller.createAsset({ name: 'b', externalId: 'demo:2', division: { id: 'sales' } });
    expect(await found('externalIds=demo%3A1')).toEqual([one.id]);
    expect(await found('externalIds=demo:1,demo:2')).toEqual([one.id, two.id]);
    expect(await found('externalIds=demo:3')).toEqual([]);
    expect(await found(`ids=${two.id}`)).toEqual([two.id]);
    expect(await found('divisionIds=sales')).toEqual([two.id]);
    expect(await found('name=leaf')).toEqual([one.id]);
    expect(await found('tagIds=a,b')).toEqual([one.id]);
    expect(await found(`slugs=${one.slug}`)).toEqual([one.id]);
  });

  test('can lag behind what was created', async () => {
    showpad.switches.indexLagMs = 5000;
    const asset = await caller.createAsset({ name: 'a', externalId: 'demo:1' });
    nowMs += 4999;
    expect((await list('/assets?externalIds=demo:1')).ids).toEqual([]);
    expect((await caller.call('GET', `/assets/${asset.id}`)).status).toBe(200);
    nowMs += 1;
    expect((await list('/assets?externalIds=demo:1')).ids).toEqual([asset.id]);
  });

  test('can leave out archived assets and those without a binary', async () => {
    const archived = await caller.createAsset({ name: 'a', isArchived: true });
    const prepared = await caller.createAsset({ name: 'b' });
    const used = await caller.createAsset({ name: 'c.txt' });
    await upload(await caller.createFile(used.id), Buffer.from('text'));
    await until(showpad, () => used.status === 'active');
    expect((await list('/assets')).ids).toEqual([archived.id, prepared.id, used.id]);
    showpad.switches.archivedInLists = false;
    expect((await list('/assets')).ids).toEqual([prepared.id, used.id]);
    showpad.switches.preparedInLists = false;
    expect((await list('/assets')).ids).toEqual([used.id]);
  });
});

describe('tags and users', () => {
  test('tags are found by exact or partial name, trimmed, and taken off their assets when deleted', async () => {
    const body = { name: '  Spring 2027 ', division };
    expect((await caller.call('POST', '/tags', { body })).json).toMatchObject({
      name: 'Spring 2027',
      division,
    });
    const { ids } = await list('/tags?exactName=Spring%202027&divisionIds=marketing');
    expect((await list('/tags?name=spring')).ids).toEqual(ids);
    expect((await list('/tags?exactName=spring')).ids).toEqual([]);
    const asset = await caller.createAsset({ name: 'a', tags: [{ id: only(ids) }, { id: 'a' }] });
    expect((await caller.call('DELETE', `/tags/${only(ids)}`)).status).toBe(204);
    expect(asset.tags).toEqual([{ id: 'a' }]);
  });

  test('users are found by e-mail address whatever its case', async () => {
    expect((await list('/users?emails=JO%40example.com,al%40example.com')).ids).toEqual(['jo']);
    expect((await list('/users?ids=nobody')).ids).toEqual([]);
  });
});

test('problems can be switched to the looser shape of an example in the document', async () => {
  Object.assign(showpad.switches, { problemStatusAsString: true, problemMetaAsObject: true });
  const { json } = await caller.call('POST', '/assets', { body: { division } });
  expect(json).toMatchObject({ status: '400', meta: { name: 'name', category: 'propertyRequired' } });
});

test.each([[2], [null]])('a rate limit answers 429 with Retry-After %j', async (retryAfterSeconds) => {
  showpad.switches.rateLimit = { requestsPerSecond: 2, retryAfterSeconds };
  const statuses = async () => {
    const answers = await Promise.all(['/assets', '/tags', '/users'].map((path) => caller.call('GET', path)));
    expect(answers.find(({ status }) => status === 429)?.headers['retry-after']).toBe(
      retryAfterSeconds?.toString(),
    );
    return answers.map(({ status }) => status).toSorted((left, right) => left - right);
  };
  expect(await statuses()).toEqual([200, 200, 429]);
  nowMs += 1000;
  expect(await statuses()).toEqual([200, 200, 429]);
});

describe('a limit of four requests a second', () => {
  /** Makes so many requests at the moment, and counts those that are not refused. */
  const admitted = async (requests: number): Promise<number> => {
    const answers = await Promise.all(Array.from({ length: requests }, () => caller.call('GET', '/tags')));
    return answers.filter(({ status }) => status === 200).length;
  };
  const limit = { requestsPerSecond: 4, retryAfterSeconds: 1 };
  const startOfSecond = (): void => {
    nowMs = Math.ceil(nowMs / 1000) * 1000;
  };

  test('over a sliding second counts what came in the second before, refused requests not', async () => {
    showpad.switches.rateLimit = { ...limit, kind: 'sliding' };
    startOfSecond();
    nowMs += 600;
    expect(await admitted(6)).toBe(4);
    nowMs += 500;
    expect(await admitted(4)).toBe(0);
    nowMs += 500;
    expect(await admitted(5)).toBe(4);
  });

  test('in each second of the clock begins anew with it', async () => {
    showpad.switches.rateLimit = { ...limit, kind: 'fixed' };
    startOfSecond();
    nowMs += 600;
    expect(await admitted(6)).toBe(4);
    nowMs += 399;
    expect(await admitted(4)).toBe(0);
    nowMs += 1;
    expect(await admitted(5)).toBe(4);
  });

  test('in a bucket lets a burst through, and then as many as have trickled in', async () => {
    showpad.switches.rateLimit = { ...limit, kind: 'bucket', burst: 10 };
    expect(await admitted(12)).toBe(10);
    nowMs += 499;
    expect(await admitted(4)).toBe(1);
    nowMs += 251;
    expect(await admitted(4)).toBe(2);
    nowMs += 60_000;
    expect(await admitted(12)).toBe(10);
  });

  test('in a bucket holds a second of them when nothing else is said', async () => {
    showpad.switches.rateLimit = { ...limit, kind: 'bucket' };
    expect(await admitted(6)).toBe(4);
  });
});
