import { describe, expect, it } from 'vitest';
import {
  createAsset,
  deleteAsset,
  findAssetsByExternalId,
  getAsset,
  listAssets,
  updateAsset,
} from '../../lib/showpad/assets.ts';
import { getDivision, listDivisions } from '../../lib/showpad/divisions.ts';
import { createFile, getFile, listFiles } from '../../lib/showpad/files.ts';
import { createTag, findTags } from '../../lib/showpad/tags.ts';
import { findUsersByEmail } from '../../lib/showpad/users.ts';
import { clientOf, failureOf, json, startServer } from './showpad-client-server.ts';

/** A Showpad that answers everything with `body`, or with 204 when there is none. */
async function answering(status: number, body?: unknown) {
  const server = await startServer((response) =>
    body === undefined ? response.writeHead(status).end() : json(response, status, body),
  );
  return { client: clientOf(server.url), requests: server.requests };
}

const list = (...items: unknown[]) => ({ count: items.length, items });

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found = [];
  for await (const item of items) found.push(item);
  return found;
}

describe('assets', () => {
  const asset = { id: 'a1', name: 'Deck.pptx', status: 'prepared', currentFile: null, externalId: 'dam:1' };

  it('are created, read, changed and deleted', async () => {
    const { client, requests } = await answering(201, { ...asset, status: 'something new' });
    const created = await createAsset(client, {
      name: 'Deck.pptx',
      division: { id: 'd1' },
      externalId: 'dam:1',
    });
    expect(created).toMatchObject({ id: 'a1', status: 'something new', currentFile: null });
    expect(await getAsset(client, 'a1')).toMatchObject({ id: 'a1' });
    await updateAsset(client, 'a1', { tags: [], expiresAt: null });

    const gone = await answering(204);
    expect(await deleteAsset(gone.client, 'a1')).toBeUndefined();
    expect([...requests, ...gone.requests].map(({ method, url, body }) => [method, url, body])).toEqual([
      ['POST', '/v4/assets', '{"name":"Deck.pptx","division":{"id":"d1"},"externalId":"dam:1"}'],
      ['GET', '/v4/assets/a1', ''],
      ['POST', '/v4/assets/a1', '{"tags":[],"expiresAt":null}'],
      ['DELETE', '/v4/assets/a1', ''],
    ]);
  });

  it('are found by exactly their external id', async () => {
    const others = [{ externalId: 'DAM:1' }, { externalId: 'dam:12' }, { externalId: null }];
    const twin = { ...asset, id: 'a2' };
    const { client, requests } = await answering(
      200,
      list(asset, ...others.map((o) => ({ ...asset, ...o })), twin),
    );
    expect(await findAssetsByExternalId(client, 'dam:1')).toMatchObject([{ id: 'a1' }, { id: 'a2' }]);
    expect(requests[0]?.url).toBe('/v4/assets?externalIds=dam%3A1&limit=100&offset=0');
  });

  it('are not taken for found when the answer does not say their external id', async () => {
    const { client } = await answering(200, list({ id: 'a1' }));
    expect(await failureOf(findAssetsByExternalId(client, 'dam:1'))).toMatchObject({ kind: 'protocol' });
  });

  it('are not looked for by an external id that cannot be sent', async () => {
    const { client } = await answering(200, list());
    await expect(findAssetsByExternalId(client, 'a,b')).rejects.toThrow(RangeError);
  });

  it('are listed by filters', async () => {
    const { client, requests } = await answering(200, list(asset));
    expect(await all(listAssets(client, { divisionIds: ['d1', 'd2'], name: 'De ck' }))).toHaveLength(1);
    expect(requests[0]?.url).toBe('/v4/assets?divisionIds=d1,d2&name=De%20ck&limit=100&offset=0');
  });

  it.each(['../users/1', '', '.', '..', 'a b', 'a?b', 'a%2Fb', 7, null])(
    'never have %j for an id',
    async (id) => {
      const { client } = await answering(201, { ...asset, id });
      const error = await failureOf(createAsset(client, { name: 'x', division: { id: 'd1' } }));
      expect(error).toMatchObject({ kind: 'protocol', outcomeUnknown: true });
    },
  );

  it('may have ids of other kinds than hexadecimal', async () => {
    const { client } = await answering(200, { ...asset, id: 'my-asset-id' });
    expect(await getAsset(client, 'my-asset-id')).toMatchObject({ id: 'my-asset-id' });
  });
});

describe('files', () => {
  const uploadMeta = {
    uploadUrl: 'https://bucket.s3.amazonaws.com/key?X-Amz-Signature=canary',
    suggestedContentType: 'application/pdf',
    metadata: { origin: 'api' },
  };
  const file = { id: 'f1', name: null, status: 'prepared', error: null };

  it('are made with an upload link, and without a name unless one is given', async () => {
    const { client, requests } = await answering(201, { ...file, uploadMeta });
    expect(await createFile(client, 'a1', { contentMD5: 'MD5==' })).toMatchObject({ id: 'f1', uploadMeta });
    expect(requests[0]).toMatchObject({
      method: 'POST',
      url: '/v4/assets/a1/files',
      body: '{"contentMD5":"MD5=="}',
    });
  });

  it.each([
    ['without a link', { ...uploadMeta, uploadUrl: null }],
    [
      'with a line break in the content type',
      { ...uploadMeta, suggestedContentType: 'text/plain\r\nX-Evil: 1' },
    ],
    ['with a line break in the metadata', { ...uploadMeta, metadata: { origin: 'a\r\nX-Evil: 1' } }],
    ['with metadata that cannot be named in a header', { ...uploadMeta, metadata: { 'a b': 'x' } }],
    ['with no upload data at all', undefined],
  ])('are refused %s', async (_name, meta) => {
    const { client } = await answering(201, { ...file, uploadMeta: meta });
    const error = await failureOf(createFile(client, 'a1', { contentMD5: 'MD5==' }));
    expect(error).toMatchObject({ kind: 'protocol', retryable: true });
    expect(error.detail).toMatch(/uploadMeta/);
    expect(error.message).not.toMatch(/canary|Evil/);
  });

  it('are read one by one and listed', async () => {
    const one = await answering(200, { ...file, status: 'failed', error: 'Password-protected' });
    expect(await getFile(one.client, 'a1', 'f1')).toMatchObject({
      status: 'failed',
      error: 'Password-protected',
    });
    const many = await answering(200, list(file, { ...file, id: 'f2' }));
    expect(await all(listFiles(many.client, 'a1'))).toMatchObject([{ id: 'f1' }, { id: 'f2' }]);
    expect([one.requests[0]?.url, many.requests[0]?.url]).toEqual([
      '/v4/assets/a1/files/f1',
      '/v4/assets/a1/files?limit=100&offset=0',
    ]);
  });
});

describe('divisions, tags and users', () => {
  it('lists and reads divisions', async () => {
    const division = { id: 'd1', name: 'Sales', isAssetSharingEnabled: false };
    expect(await all(listDivisions((await answering(200, list(division))).client))).toEqual([division]);
    expect(await getDivision((await answering(200, division)).client, 'd1')).toEqual(division);
  });

  it('finds tags by name within a division, in any case', async () => {
    const tag = { id: 't1', name: 'Spring', division: { id: 'd1' } };
    const other = { ...tag, id: 't3', division: { id: 'd2' } };
    const longer = { ...tag, id: 't4', name: 'Spring 2' };
    const { client, requests } = await answering(
      200,
      list(tag, { ...tag, id: 't2', name: 'SPRING' }, other, longer),
    );
    const tags = await findTags(client, { exactName: 'Spring', divisionId: 'd1' });
    expect(tags.map(({ id }) => id)).toEqual(['t1', 't2']);
    expect(requests[0]?.url).toBe('/v4/tags?exactName=Spring&divisionIds=d1&limit=100&offset=0');
  });

  it('creates tags', async () => {
    const { client, requests } = await answering(201, { id: 't1', name: 'Spring', division: { id: 'd1' } });
    expect(await createTag(client, { name: 'Spring', divisionId: 'd1' })).toMatchObject({ id: 't1' });
    expect(requests[0]?.body).toBe('{"name":"Spring","division":{"id":"d1"}}');
  });

  it('finds users by e-mail address, in any case', async () => {
    const users = list({ id: 'u1', email: 'Jo+x@Acme.com' }, { id: 'u2', email: 'ajo+x@acme.com' });
    const { client, requests } = await answering(200, users);
    expect(await findUsersByEmail(client, 'jo+x@acme.com')).toEqual([{ id: 'u1', email: 'Jo+x@Acme.com' }]);
    expect(requests[0]?.url).toBe('/v4/users?emails=jo%2Bx%40acme.com&limit=100&offset=0');
  });
});
