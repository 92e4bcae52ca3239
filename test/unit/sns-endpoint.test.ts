import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ShortAnswer } from '../../lib/short-answer.ts';
import { SnsEndpoint } from '../../lib/sns-endpoint.ts';
import { createSnsTopic } from '../sns-topic.ts';

const topic = createSnsTopic();
const url = topic.certificateUrl;
const good: ShortAnswer = { status: 200, text: topic.certificate() };
const other = (name: number | string) => url.replaceAll('0f', String(name));

/** SNS that answers so, and a clock that can be put forward. */
function endpointOf(answer: (asked: string) => ShortAnswer | Promise<ShortAnswer>) {
  const asked: string[] = [];
  const clock = { now: Date.now() };
  const endpoint = new SnsEndpoint(
    async (which) => {
      asked.push(which);
      return answer(which);
    },
    () => clock.now,
  );
  return { endpoint, asked, clock };
}

describe("SNS's certificates", () => {
  it('are asked for once a day, and once by all who ask at the same time', async () => {
    const { endpoint, asked, clock } = endpointOf(() => good);
    const found = await Promise.all([1, 2, 3].map(() => endpoint.certificate(url)));
    expect(found.map((one) => one?.subject)).toEqual(Array(3).fill('CN=sns.amazonaws.com'));
    await endpoint.certificate(url);
    expect(asked).toEqual([url]);
    clock.now += 24 * 3_600_000;
    await endpoint.certificate(url);
    expect(asked).toHaveLength(2);
  });

  it.each<[string, ShortAnswer]>([
    ['404', { status: 404, text: '' }],
    ['403', { status: 403, text: '' }],
    ['a redirect, which is not followed', { status: 302, text: good.text }],
    ['something else', { status: 200, text: 'hello' }],
    ['a key', { status: 200, text: '-----BEGIN PUBLIC KEY-----\nMFkw\n-----END PUBLIC KEY-----' }],
  ])('are not there when SNS answers with %s, and not asked for again at once', async (_what, answer) => {
    const { endpoint, asked, clock } = endpointOf(() => answer);
    expect(await endpoint.certificate(url)).toBeNull();
    expect(await endpoint.certificate(url)).toBeNull();
    expect(asked).toHaveLength(1);
    clock.now += 300_000;
    expect(await endpoint.certificate(url)).toBeNull();
    expect(asked).toHaveLength(2);
  });

  it('are not forgotten for all that a stranger names', async () => {
    const { endpoint, asked } = endpointOf((which) => (which === url ? good : { status: 404, text: '' }));
    await endpoint.certificate(url);
    for (let name = 0; name < 200; name += 1) await endpoint.certificate(other(name));
    expect(await endpoint.certificate(url)).not.toBeNull();
    expect(asked.filter((which) => which === url)).toHaveLength(1);
  });

  it.each([500, 503, 429])('are not judged when SNS answers with %i, and asked for again', async (status) => {
    let answer = { status, text: '' };
    const { endpoint } = endpointOf(() => answer);
    await expect(endpoint.certificate(url)).rejects.toThrow(`SNS answered ${status}`);
    answer = good;
    expect(await endpoint.certificate(url)).not.toBeNull();
  });

  it('are not judged while SNS cannot be reached', async () => {
    const { endpoint } = endpointOf(() => Promise.reject(new Error('down')));
    await expect(endpoint.certificate(url)).rejects.toThrow('down');
  });
});

describe('a subscription', () => {
  const link = 'https://sns.eu-west-1.amazonaws.com/?Token=secret';
  const confirm = (answer: () => ShortAnswer | Promise<ShortAnswer>) =>
    endpointOf(answer).endpoint.confirm(link);

  it.each([
    [200, true],
    [400, false],
    [403, false],
    [404, false],
  ])('of which SNS answers %i is confirmed: %s', async (status, isConfirmed) => {
    expect(await confirm(() => ({ status, text: '' }))).toBe(isConfirmed);
  });

  it.each([302, 429, 500])('is to be confirmed again when SNS answers %i', async (status) => {
    await expect(confirm(() => ({ status, text: '' }))).rejects.toThrow(`SNS answered ${status}`);
  });

  it('is to be confirmed again when SNS cannot be reached, and the link is told to nobody', async () => {
    const failure = await confirm(() => Promise.reject(new Error(`no way to ${link}`))).catch(
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(Error);
    expect(failure).toMatchObject({ message: 'SNS could not be reached to confirm a subscription.' });
    expect((failure as Error).cause).toBeUndefined();
  });
});

describe('what is read over HTTP', () => {
  const server = createServer(({ url: path }, response) => {
    if (path === '/there') response.end(good.text);
    else if (path === '/moved') response.writeHead(302, { location: '/there' }).end();
    else if (path === '/endless') {
      const timer = setInterval(() => response.write('x'.repeat(10_000)), 1);
      response.on('close', () => clearInterval(timer));
    } else response.destroy();
  });
  let origin = '';
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  const endpoint = new SnsEndpoint();

  it('is the certificate that stands there, along no redirect, and no more than one can have', async () => {
    expect((await endpoint.certificate(`${origin}/there`))?.subject).toBe('CN=sns.amazonaws.com');
    expect(await endpoint.certificate(`${origin}/moved`)).toBeNull();
    expect(await endpoint.certificate(`${origin}/endless`)).toBeNull();
    await expect(endpoint.certificate(`${origin}/cut`)).rejects.toThrow();
    await expect(endpoint.confirm(`${origin}/moved`)).rejects.toThrow('SNS answered 302');
    await expect(endpoint.confirm(`${origin}/cut`)).rejects.toThrow('SNS could not be reached');
  });
});
