import { GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { describe, expect, it, vi } from 'vitest';
import { handler } from '../../functions/update-metadata.ts';
import { aws, event, post, secret, sent, storedAsset, storedJob } from './ingest.ts';
import { deliver, functionEnvironment } from './invoke.ts';
import { json } from './showpad-client-server.ts';
import { startDirectory, type Directory } from './showpad-directory.ts';

const division = { id: 'd1' };
let events = 0;

/** A Showpad with these tags, and a source that sends tag events to the function that carries them out. */
async function start(directory: Directory, defaults: Readonly<Record<string, unknown>> = { division: 'd1' }) {
  const showpad = await startDirectory({ divisions: [{ id: 'd1', name: 'Sales' }], ...directory });
  vi.stubEnv('SHOWPAD_V4_URL', `${showpad.url}/v4`);
  vi.stubEnv('ALLOW_PRIVATE_SOURCES', 'true');
  aws.mocks.secrets.on(GetSecretValueCommand).callsFake(({ SecretId }: { SecretId: string }) => ({
    SecretString: JSON.stringify(
      SecretId === functionEnvironment['SHOWPAD_SECRET_ARN']
        ? { token: 'token-1' }
        : { [aws.source]: { secrets: [secret], ...defaults } },
    ),
  }));
  const send = async (type: string, data: Readonly<Record<string, unknown>> = { name: 'red' }) => {
    events += 1;
    const id = `event-${events}`;
    const time = new Date(Date.UTC(2026, 0, 1, 0, 0, events)).toISOString();
    expect((await post({ ...event, id, time, type, data })).statusCode).toBe(202);
    const message = sent().at(-1)?.MessageBody;
    expect(await deliver(handler, [message ?? ''])).toEqual([]);
    return storedJob(id);
  };
  return { ...showpad, send };
}

describe('a tag that is to be there', () => {
  it('is made in its Division, and its job is done', async () => {
    const { send, requests, calls } = await start({});
    const job = await send('tag.upsert', { name: 'red', division: { name: 'Sales' } });
    expect(job).toMatchObject({ state: 'done', error: null });
    expect(calls).toEqual(['GET /divisions', 'GET /tags', 'POST /tags']);
    expect(requests.at(-1)?.body).toBe('{"name":"red","division":{"id":"d1"}}');
    expect((await storedAsset())?.applied.tag).toBe(job?.order);
  });

  it('is made in the Division of its source, also where that makes no tags for assets', async () => {
    const { send, requests } = await start({}, { division: 'd7', createTags: false });
    expect(await send('tag.upsert')).toMatchObject({ state: 'done' });
    expect(requests.at(-1)?.body).toBe('{"name":"red","division":{"id":"d7"}}');
  });

  it('is left as it is where the Division has it', async () => {
    const { send, calls } = await start({ tags: [{ id: 't1', name: 'red', division }] });
    expect(await send('tag.upsert')).toMatchObject({ state: 'done' });
    expect(calls).toEqual(['GET /tags']);
  });

  it('is made again when it has gone since it was last seen', async () => {
    const tags = [{ id: 't1', name: 'red', division }];
    const { send, count } = await start({ tags });
    await send('tag.upsert');
    tags.length = 0;
    expect(await send('tag.upsert')).toMatchObject({ state: 'done' });
    expect(count('POST /tags')).toBe(1);
    expect(tags).toMatchObject([{ name: 'red' }]);
  });

  it.each([
    [403, 'SHOWPAD_FORBIDDEN'],
    [400, 'SHOWPAD_REJECTED'],
  ])('and is refused with %i fails its job with %s', async (status, code) => {
    const { send } = await start({
      instead: (operation, response) => {
        if (operation !== 'POST /tags') return false;
        json(response, status, { title: 'No', detail: 'Not this one.', status });
        return true;
      },
    });
    expect(await send('tag.upsert')).toMatchObject({ state: 'failed', error: { code } });
  });

  it('but whose Division nobody knows fails its job with what there is to choose from', async () => {
    const { send, count } = await start({});
    const job = await send('tag.upsert', { name: 'red', division: { name: 'Support' } });
    expect(job).toMatchObject({ state: 'failed', error: { code: 'DIVISION_UNKNOWN' } });
    expect(job?.error?.message).toContain('Sales (d1)');
    expect(count('POST /tags')).toBe(0);
  });
});

describe('a tag that is not to be there', () => {
  it('is deleted, and only that one', async () => {
    const tags = [
      { id: 't1', name: 'red', division },
      { id: 't2', name: 'Red', division },
      { id: 't3', name: 'red', division: { id: 'd2' } },
    ];
    const { send } = await start({ tags });
    const job = await send('tag.delete');
    expect(job).toMatchObject({ state: 'done' });
    expect(tags.map(({ id }) => id)).toEqual(['t2', 't3']);
    expect((await storedAsset())?.applied.tag).toBe(job?.order);
  });

  it('and is not there needs nothing done', async () => {
    const { send, calls } = await start({});
    expect(await send('tag.delete')).toMatchObject({ state: 'done' });
    expect(calls).toEqual(['GET /tags']);
  });

  it('and goes while it is being deleted is gone as well', async () => {
    const { send } = await start({
      tags: [{ id: 't1', name: 'red', division }],
      instead: (operation, response) => {
        if (operation !== 'DELETE /tags/t1') return false;
        json(response, 404, { title: 'Missing Resource', detail: 'There is none.', status: 404 });
        return true;
      },
    });
    expect(await send('tag.delete')).toMatchObject({ state: 'done' });
  });

  it('but is used by a filter stays, and its job says so', async () => {
    const { send } = await start({
      tags: [{ id: 't1', name: 'red', division }],
      instead: (operation, response) => {
        if (operation !== 'DELETE /tags/t1') return false;
        json(response, 409, { title: 'Conflict', detail: 'A filter uses it.', status: 409 });
        return true;
      },
    });
    const job = await send('tag.delete');
    expect(job).toMatchObject({ state: 'failed', error: { code: 'TAG_IN_USE', retryable: true } });
    expect(job?.error?.message).toMatch(/“red”.*A filter uses it/);
  });

  it('can be wished for and away again, as often as one likes', async () => {
    const tags: { id: string; name: string }[] = [];
    const { send } = await start({ tags });
    for (const [type, there] of [
      ['tag.upsert', 1],
      ['tag.delete', 0],
      ['tag.upsert', 1],
      ['tag.delete', 0],
    ] as const) {
      expect(await send(type)).toMatchObject({ state: 'done' });
      expect(tags).toHaveLength(there);
    }
  });
});
