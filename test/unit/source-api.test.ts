import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Dispatcher } from 'undici';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createDispatcher } from '../../lib/guarded-connector.ts';
import { download } from '../../lib/download.ts';
import { SourceApi } from '../../lib/source-api.ts';
import { SourceCredentials } from '../../lib/source-credentials.ts';

type Serve = (request: IncomingMessage, response: ServerResponse) => void;

/** Two servers: the vendor's API, and one elsewhere. */
const servers = ['api', 'elsewhere'].map((name) => ({
  name,
  origin: '',
  serve: undefined as Serve | undefined,
}));
const seen: { at: string; path: string; authorization: string | undefined; body: string }[] = [];
const closers: (() => void)[] = [];
let dispatcher: Dispatcher;
let secret: unknown;

beforeAll(async () => {
  dispatcher = createDispatcher({ allowPrivateAddresses: true });
  for (const place of servers) {
    const server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        const { authorization } = request.headers;
        seen.push({ at: place.name, path: request.url ?? '', authorization, body });
        place.serve?.(request, response);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    place.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    closers.push(() => server.close());
  }
});
afterAll(async () => {
  await dispatcher.destroy();
  for (const close of closers) close();
});
beforeEach(() => {
  seen.length = 0;
  secret = { dam: { token: 'the-stored-token' } };
});

const [api, elsewhere] = servers as [(typeof servers)[number], (typeof servers)[number]];
const json =
  (value: unknown, status = 200, headers: Record<string, string> = {}): Serve =>
  (_request, response) =>
    response.writeHead(status, headers).end(typeof value === 'string' ? value : JSON.stringify(value));

function open(source = 'dam', allowPrivateAddresses = true): SourceApi {
  const credentials = new SourceCredentials(() =>
    Promise.resolve(secret === null ? null : JSON.stringify(secret)),
  );
  return new SourceApi(source, credentials, { dispatcher, allowPrivateAddresses, signal: undefined });
}
const file = (path: string, link?: string) => ({
  name: 'a.pdf',
  request: `${api.origin}${path}`,
  ...(link && { link }),
});

describe("a source's API", () => {
  it('is asked with the stored credential, and its answer names the link', async () => {
    api.serve = json({ download: { url: `${elsewhere.origin}/a.pdf?sig=1` } });
    const place = await open().locate(file('/media/1', 'download.url'), false);
    expect(place).toEqual({ url: `${elsewhere.origin}/a.pdf?sig=1` });
    expect(seen).toMatchObject([{ at: 'api', path: '/media/1', authorization: 'Bearer the-stored-token' }]);
  });

  it('signs in with a name and password where the credential says so', async () => {
    secret = { dam: { basic: { username: 'jo', password: 'pass:word' } } };
    api.serve = json({ url: '/relative.pdf' });
    expect(await open().locate(file('/x', 'url'), false)).toEqual({ url: `${api.origin}/relative.pdf` });
    expect(seen[0]?.authorization).toBe(`Basic ${Buffer.from('jo:pass:word').toString('base64')}`);
  });

  it('gets an access token for client credentials, once, and another when it is refused', async () => {
    const tokenUrl = `${elsewhere.origin}/token-${Math.random()}`;
    secret = { dam: { oauth: { tokenUrl, clientId: 'id', clientSecret: 'se cret', scope: 'a b' } } };
    let given = 0;
    elsewhere.serve = (request, response) =>
      json({ access_token: `token-${(given += 1)}`, expires_in: 3_600 })(request, response);
    api.serve = (request, response) =>
      json(
        { url: '/a' },
        request.headers.authorization === 'Bearer token-1' && given < 2 ? 200 : given < 2 ? 401 : 200,
      )(request, response);
    const opened = open();
    await opened.locate(file('/1', 'url'), false);
    await opened.locate(file('/2', 'url'), false);
    expect(given).toBe(1);
    expect(seen[0]?.body).toBe('grant_type=client_credentials&client_id=id&client_secret=se+cret&scope=a+b');
    api.serve = (request, response) =>
      json({ url: '/a' }, request.headers.authorization === 'Bearer token-2' ? 200 : 401)(request, response);
    await opened.locate(file('/3', 'url'), false);
    expect(given).toBe(2);
    expect(seen.map(({ authorization }) => authorization).at(-1)).toBe('Bearer token-2');
  });

  it('has its credential sent along no redirect to another origin', async () => {
    api.serve = (request, response) =>
      request.url === '/away'
        ? json('', 302, { location: `${elsewhere.origin}/answer` })(request, response)
        : json('', 302, { location: '/away' })(request, response);
    elsewhere.serve = json({ url: 'https://cdn.example/a.pdf' });
    expect(await open().locate(file('/start', 'url'), false)).toEqual({ url: 'https://cdn.example/a.pdf' });
    expect(seen.map(({ at, path, authorization }) => [at, path, authorization])).toEqual([
      ['api', '/start', 'Bearer the-stored-token'],
      ['api', '/away', 'Bearer the-stored-token'],
      ['elsewhere', '/answer', undefined],
    ]);
  });

  it('that answers with the file itself is downloaded with it, and what it redirects to without', async () => {
    api.serve = json('', 302, { location: `${elsewhere.origin}/blob` });
    elsewhere.serve = json('the bytes', 200, { 'content-length': '9' });
    const { url, authorization } = await open().locate(file('/content/a.pdf'), false);
    const fetched = await download(url, {
      dispatcher,
      allowPrivateAddresses: true,
      maxBytes: 100,
      authorization,
    });
    let bytes = '';
    for await (const chunk of fetched.body) bytes += chunk.toString();
    expect(bytes).toBe('the bytes');
    expect(seen.map(({ at, authorization: sent }) => [at, sent])).toEqual([
      ['api', 'Bearer the-stored-token'],
      ['elsewhere', undefined],
    ]);
  });
});

describe("what goes wrong with a source's API", () => {
  it.each<[string, unknown, string]>([
    ['no secret', null, 'SOURCE_CREDENTIAL_MISSING'],
    ['no credential for this source', { other: { token: 'x' } }, 'SOURCE_CREDENTIAL_MISSING'],
    ['a credential of an unknown form', { dam: { key: 'hunter2' } }, 'SOURCE_CREDENTIAL_MISSING'],
  ])('%s: nobody is asked, and it waits', async (_what, value, code) => {
    secret = value;
    const failure: unknown = await open()
      .locate(file('/x', 'url'), false)
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({ code, retryable: true });
    expect(String(failure)).not.toContain('hunter2');
    expect(seen).toEqual([]);
  });

  it.each<[string, Serve, string, boolean]>([
    ['401', json('', 401), 'SOURCE_CREDENTIAL_REFUSED', true],
    ['403', json('', 403), 'SOURCE_CREDENTIAL_REFUSED', true],
    ['404', json('', 404), 'SOURCE_NOT_FOUND', true],
    ['500', json('', 500), 'SOURCE_UNREACHABLE', true],
    ['no JSON', json('<html>'), 'SOURCE_ANSWER_UNREADABLE', false],
    ['no link', json({ url: 7 }), 'SOURCE_ANSWER_UNREADABLE', false],
    ['no URL', json({ url: 'http://' }), 'SOURCE_ANSWER_UNREADABLE', false],
    ['endless JSON', json(`"${'x'.repeat(2_000_000)}"`), 'SOURCE_ANSWER_UNREADABLE', false],
  ])('%s', async (_what, serve, code, retryable) => {
    api.serve = serve;
    const failure: unknown = await open()
      .locate(file('/x', 'url'), false)
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({ code, retryable });
    expect(String(failure)).not.toContain('the-stored-token');
  });

  it('an API at an address that is not public is not asked', async () => {
    await expect(open('dam', false).locate(file('/x', 'url'), false)).rejects.toMatchObject({
      code: 'SOURCE_FORBIDDEN_ADDRESS',
    });
    expect(seen).toEqual([]);
  });
});
