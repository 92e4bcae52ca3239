import { describe, expect, test } from 'vitest';
import { guardedConnector } from '../../lib/guarded-connector.ts';
import type { SourceFailureCode } from '../../lib/source-error.ts';
import { collect, dispatcherFor, everyHostIs, failureOf, serve, start } from './stranger-source.ts';

/** A public-looking source that redirects `/0` to `/1` and so on, up to `/last`, where the file is. */
async function serveChain(last: number, status = 302) {
  return serve((request, response) => {
    const step = Number(request.url?.slice(1));
    if (step === last) response.writeHead(200, { 'content-length': 5 }).end('hello');
    else response.writeHead(status, { location: `/${step + 1}` }).end('moved');
  });
}

async function redirectTo(location: string | undefined, from = 'http://files.example.com/a.pdf') {
  const source = await serve((_request, response) => {
    response.writeHead(302, location === undefined ? {} : { location }).end();
  });
  const here = everyHostIs(source.port);
  const guarded = guardedConnector({ resolve: () => Promise.resolve([{ address: '10.0.0.1', family: 4 }]) });
  const dispatcher = dispatcherFor((target, callback) => {
    (target.hostname === 'files.example.com' ? here : guarded)(target, callback);
  });
  const failure = await failureOf(from, { dispatcher, allowPrivateAddresses: false });
  return { failure, requests: source.requests.length };
}

describe('redirects', () => {
  test.each([301, 302, 303, 307, 308])('are followed after a %i, five at most', async (status) => {
    const source = await serveChain(5, status);
    const file = await start(`http://127.0.0.1:${source.port}/0`);
    expect((await collect(file.body)).toString()).toBe('hello');
    expect(source.requests.map((request) => request.method)).toEqual(Array.from({ length: 6 }, () => 'GET'));
  });

  test('beyond the fifth end the download', async () => {
    const source = await serveChain(6);
    const failure = await failureOf(`http://127.0.0.1:${source.port}/0`);
    expect(failure).toMatchObject({ code: 'SOURCE_TOO_MANY_REDIRECTS', retryable: false });
    expect(source.requests).toHaveLength(6);
  });

  test('in a circle end too', async () => {
    const source = await serve(
      (_request, response) => void response.writeHead(307, { location: '?again' }).end(),
    );
    expect(await failureOf(source.url)).toMatchObject({ code: 'SOURCE_TOO_MANY_REDIRECTS' });
    expect(source.requests).toHaveLength(6);
  });

  test('with an endless body are left at once', async () => {
    const source = await serve((_request, response, nth) => {
      if (nth === 1) response.writeHead(302, { location: '/file' }).write('x'.repeat(1_000_000));
      else response.end('hello');
    });
    expect((await collect((await start(source.url)).body)).toString()).toBe('hello');
  });

  test.each<[string | undefined, SourceFailureCode]>([
    ['http://169.254.169.254/latest', 'SOURCE_FORBIDDEN_ADDRESS'],
    ['http://[::1]/', 'SOURCE_FORBIDDEN_ADDRESS'],
    ['//169.254.169.254/', 'SOURCE_FORBIDDEN_ADDRESS'],
    ['http://127.0.0.1/x', 'SOURCE_FORBIDDEN_ADDRESS'],
    ['http://127.0.0.1:8080/x', 'SOURCE_FORBIDDEN_ADDRESS'],
    ['http://resolves-to-private.example.org/', 'SOURCE_FORBIDDEN_ADDRESS'],
    ['file:///etc/passwd', 'SOURCE_URL_INVALID'],
    ['gopher://files.example.com/', 'SOURCE_URL_INVALID'],
    ['http://user:password@files.example.com/', 'SOURCE_URL_INVALID'],
    ['http://', 'SOURCE_URL_INVALID'],
    [undefined, 'SOURCE_UNUSABLE'],
  ])('to %s are not followed', async (location, code) => {
    const { failure, requests } = await redirectTo(location);
    expect(failure).toMatchObject({ code, retryable: false });
    expect(failure.message).not.toContain('password@');
    expect(requests).toBe(1);
  });

  test('from https to http are not followed', async () => {
    const { failure, requests } = await redirectTo(
      'http://files.example.com/b',
      'https://files.example.com/a.pdf',
    );
    expect(failure).toMatchObject({ code: 'SOURCE_UNUSABLE', retryable: false });
    expect(failure.message).toContain('from https to http');
    expect(requests).toBe(1);
  });
});
