import { describe, expect, test } from 'vitest';
import { guardedConnector, type Resolve } from '../../lib/guarded-connector.ts';
import { uploadBinary } from '../../lib/showpad/upload.ts';
import { parseSourceUrl } from '../../lib/source-url.ts';
import { clientOf } from '../unit/showpad-client-server.ts';
import { collect, dispatcherFor, everyHostIs, failureOf, serve, start } from '../unit/stranger-source.ts';
import { dnsCases } from './dns-cases.ts';
import { redirectCases } from './redirect-cases.ts';
import { goodUrls, urlCases } from './url-cases.ts';

const resolvingTo =
  (...addresses: string[]): Resolve =>
  () =>
    Promise.resolve(addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })));
/** Download as it is in AWS, where every name leads home: what gets past the URL is stopped at the socket. */
const asDeployed = (...addresses: string[]) => ({
  dispatcher: dispatcherFor(guardedConnector({ resolve: resolvingTo(...addresses), connectTimeoutMs: 200 })),
  allowPrivateAddresses: false,
  connectAttempts: 1,
});

describe('hostile addresses', () => {
  test(`of ${urlCases.length} URLs every one gets what it must, and none reaches loopback`, async () => {
    const canary = await serve((_request, response) => response.end('reached'));
    const options = asDeployed('127.0.0.1');
    for (const { url, result } of urlCases) {
      const { code } = await failureOf(url, options);
      expect(code, url).toBe(result === 'taken' ? 'SOURCE_FORBIDDEN_ADDRESS' : result);
      if (result === 'taken') expect(() => parseSourceUrl(url, false), url).not.toThrow();
      // The same host, with the port of a server that would answer.
      const host = /^https?:\/\/([^/:\\[\]]+|\[[^\]]*\])\/?/.exec(url)?.[1];
      if (host !== undefined) {
        const here = await failureOf(`http://${host}:${canary.port}/`, options);
        expect(here.code, url).toMatch(/^SOURCE_(?:FORBIDDEN_ADDRESS|URL_INVALID)$/);
      }
    }
    expect(canary.connections).toBe(0);
  });

  test('are no upload links either, nor is anything that is not https on its own port', async () => {
    const canary = await serve((_request, response) => response.end('reached'));
    const client = clientOf('http://unused.example', { allowPrivateAddresses: false });
    const upload = (uploadUrl: string) =>
      uploadBinary(client, {
        uploadMeta: { uploadUrl },
        body: (async function* () {
          yield await Promise.resolve(Buffer.from('x'));
        })(),
        size: 1,
        contentMD5: 'x',
      });
    const refused = urlCases.filter(({ result, url }) => result !== 'taken' || !/com\/a{20}/.test(url));
    for (const { url } of refused) {
      await expect(upload(url), url).rejects.toMatchObject({ title: 'The upload link is not allowed' });
    }
    expect(refused).toHaveLength(urlCases.length - 1);
    expect(canary.connections).toBe(0);
  });

  test('do not stand in the way of good ones', async () => {
    const source = await serve((_request, response) => response.end('hello'));
    const dispatcher = dispatcherFor(everyHostIs(source.port));
    for (const url of goodUrls) {
      const file = await start(url, { dispatcher, allowPrivateAddresses: false });
      expect((await collect(file.body)).toString(), url).toBe('hello');
    }
    expect(source.requests).toHaveLength(8);
  });

  test.each(dnsCases)('a name that resolves to $addresses is $result', async ({ addresses, result }) => {
    const canary = await serve((_request, response) => response.end('reached'));
    const failure = await failureOf(`http://cdn.acme.com:${canary.port}/a.pdf`, asDeployed(...addresses));
    expect(failure.code).toBe(result);
    expect(canary.connections).toBe(0);
  });

  test.each(redirectCases)('a redirect to $to ends as $result', async ({ to, result }) => {
    const canary = await serve((_request, response) => response.end('reached'));
    const source = await serve((_request, response) => {
      response.writeHead(302, { location: to.replace('{port}', String(canary.port)) }).end();
    });
    const here = everyHostIs(source.port);
    const guarded = guardedConnector({ resolve: resolvingTo('127.0.0.1') });
    const dispatcher = dispatcherFor((target, callback) =>
      (target.hostname === 'cdn.acme.com' ? here : guarded)(target, callback),
    );
    const options = { dispatcher, allowPrivateAddresses: false, maxRedirects: 2 };
    expect(await failureOf('http://cdn.acme.com/a.pdf', options)).toMatchObject({ code: result });
    expect(source.requests).toHaveLength(to === '/again' ? 3 : 1);
    expect(canary.connections).toBe(0);
  });
});
