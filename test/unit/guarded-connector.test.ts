import { request } from 'undici';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createDispatcher } from '../../lib/guarded-connector.ts';
import type { Resolve } from '../../lib/guarded-connector.ts';
import { assertPublicUrl, ForbiddenAddressError } from '../../lib/public-addresses.ts';
import { startServer } from './showpad-client-server.ts';

/** A server on loopback that nobody behind the guard may ever reach. */
async function startCanary() {
  const { port, requests } = await startServer((response) => response.end('reached'));
  return { port, requests };
}

function guarded(resolve?: Resolve) {
  const options = { allowPrivateAddresses: false, connectTimeoutMs: 200 };
  const dispatcher = createDispatcher(resolve === undefined ? options : { ...options, resolve });
  onTestFinished(() => dispatcher.destroy());
  return dispatcher;
}

const answering = (...addresses: string[]): Resolve => {
  const answer = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
  return () => Promise.resolve(answer);
};

const words = (text: string) => text.trim().split(/\s+/);

const schemesAndShapes = [
  'http://example.com/a',
  'ftp://example.com/a',
  'file:///etc/passwd',
  'gopher://example.com/',
  'data:text/plain,hi',
  'javascript:alert(1)',
  'blob:https://a.example.com/1',
  'ws://example.com',
  's3://bucket/key',
  'jar:https://a!/b',
  '//example.com/a',
  'example.com/a',
  '',
  ' https://cdn.acme.com/a',
  'https://cdn.acme.com/a\r\nX-Evil: 1',
  'https://cdn.acme.com/\u0000a',
  'https://cdn.acme.com\\@127.0.0.1/',
  'https:\\\\127.0.0.1\\a',
  'https://user:pw@cdn.acme.com/a',
  'https://cdn.acme.com@127.0.0.1/',
  'https://127.0.0.1#@cdn.acme.com/',
  `https://cdn.acme.com/${'a'.repeat(3000)}`,
];
const ports = ['22', '80', '8443', '0', '65536', '6379'].map((port) => `https://cdn.acme.com:${port}/a`);
const loopbackSpellings = words(`
  127.0.0.1 127.1 127.0.1 0 0.0.0.0 2130706433 0x7f000001 0x7f.0.0.1 017700000001 0177.0.0.1 127.0.0.1.
  127\u30020\u30020\u30021 \u2460\u2461\u2466.\u24ea.\u24ea.\u2460
  \uff11\uff12\uff17.\uff10.\uff10.\uff11 %31%32%37.0.0.1
`);
const specialV4 = words(`
  10.0.0.1 10.255.255.255 172.16.0.1 172.31.255.254 192.168.1.1 100.64.0.1 100.127.255.254
  169.254.169.254/latest/meta-data 169.254.170.2/v2/credentials 169.254.170.23/v1/credentials 2852039166
  0xa9fea9fe 0251.0376.0251.0376 192.0.0.192 100.100.100.200 168.63.129.16 192.0.2.1 198.51.100.7
  203.0.113.9 198.18.0.1 224.0.0.1 239.255.255.250 240.0.0.1 255.255.255.255 192.88.99.1 192.0.0.8
`);
const specialV6 = words(`
  ::1 :: 0:0:0:0:0:0:0:1 ::ffff:127.0.0.1 ::ffff:7f00:1 ::ffff:a9fe:a9fe ::127.0.0.1 ::ffff:0:127.0.0.1
  64:ff9b::7f00:1 64:ff9b::a9fe:a9fe 64:ff9b:1::a00:1 2002:7f00:1:: 2002:a9fe:a9fe:: 2001:0:53aa:64c::
  fe80::1 fe80::1%25eth0 fec0::1 fc00::1 fd00:ec2::254 fd00:ec2::23 ff02::1 2001:db8::1 3fff::1 100::1
  5f00::1 2001:20::1 2001:2::1
`).map((address) => `[${address}]`);
const names = words(`
  ${'a'.repeat(64)}.acme.com localhost LOCALHOST localhost. a.localhost metadata.google.internal
  instance-data metadata printer.local db.corp x_y.acme.com -a.acme.com a..acme.com
`);
const hosts = [...loopbackSpellings, ...specialV4, ...specialV6, ...names];
const forbiddenUrls = [...schemesAndShapes, ...ports, ...hosts.map((host) => `https://${host}/`)];

describe('the guard against requests into the own network', () => {
  it(`refuses all of ${forbiddenUrls.length} hostile URLs`, async () => {
    const canary = await startCanary();
    const dispatcher = guarded(answering('127.0.0.1'));
    const policy = { protocols: ['https:'], maximumLength: 2048 } as const;
    const download = async (text: string) => {
      const url = assertPublicUrl(text, policy);
      return request(url, { dispatcher });
    };
    for (const url of forbiddenUrls)
      await expect(download(url), url).rejects.toBeInstanceOf(ForbiddenAddressError);
    expect(canary.requests).toEqual([]);
  });

  it('refuses every host spelling at the socket too, without the check of the URL', async () => {
    const canary = await startCanary();
    const dispatcher = guarded(answering('127.0.0.1'));
    const spellings = [
      ...loopbackSpellings,
      '[::ffff:127.0.0.1]',
      'localhost',
      'a.localhost',
      'cdn.acme.com',
    ];
    for (const host of spellings) {
      const url = `http://${host}:${canary.port}/`;
      await expect(request(url, { dispatcher }), url).rejects.toBeInstanceOf(ForbiddenAddressError);
    }
    expect(canary.requests).toEqual([]);
  });

  it.each([
    [['127.0.0.1']],
    [['10.1.2.3']],
    [['169.254.169.254']],
    [['93.184.216.34', '127.0.0.1']],
    [['::1']],
    [['::ffff:10.0.0.1']],
    [['fd00:ec2::254']],
    [['64:ff9b::a9fe:a9fe']],
    [['0.0.0.0']],
  ])('refuses a name that resolves to %j', async (addresses) => {
    const dispatcher = guarded(answering(...addresses));
    const failure = request('http://cdn.acme.com/', { dispatcher });
    await expect(failure).rejects.toMatchObject({ name: 'ForbiddenAddressError', host: 'cdn.acme.com' });
  });

  it('reports a name without addresses, and a failing resolver, as what they are', async () => {
    const unknown = request('http://cdn.acme.com/', { dispatcher: guarded(answering()) });
    await expect(unknown).rejects.toMatchObject({ code: 'ENOTFOUND' });
    const failing = guarded(() => Promise.reject(Object.assign(new Error('down'), { code: 'EAI_AGAIN' })));
    await expect(request('http://cdn.acme.com/', { dispatcher: failing })).rejects.toMatchObject({
      code: 'EAI_AGAIN',
    });
  });

  it('looks at the peer, should the socket have gone elsewhere than to the checked address', async () => {
    const canary = await startCanary();
    let reads = 0;
    const flipping = {
      get address() {
        reads += 1;
        return reads === 1 ? '93.184.216.34' : '127.0.0.1';
      },
      family: 4,
    };
    const dispatcher = guarded(() => Promise.resolve([flipping]));
    const failure = request(`http://cdn.acme.com:${canary.port}/`, { dispatcher });
    await expect(failure).rejects.toBeInstanceOf(ForbiddenAddressError);
    expect(canary.requests).toEqual([]);
  });

  it('lets everything through where private addresses are allowed', async () => {
    const canary = await startCanary();
    const dispatcher = createDispatcher({ allowPrivateAddresses: true });
    onTestFinished(() => dispatcher.destroy());
    const answer = await request(`http://127.0.0.1:${canary.port}/`, { dispatcher });
    expect(await answer.body.text()).toBe('reached');
  });
});
