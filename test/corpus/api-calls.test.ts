import { describe, expect, test } from 'vitest';
import type { ServerResponse } from 'node:http';
import { createAsset, getAsset } from '../../lib/showpad/assets.ts';
import { createFile } from '../../lib/showpad/files.ts';
import { staticToken } from '../../lib/showpad/token.ts';
import { uploadBinary } from '../../lib/showpad/upload.ts';
import { clientOf, failureOf, json, startRawServer, startServer } from '../unit/showpad-client-server.ts';
import { callCases } from './api-cases.ts';

type Name = (typeof callCases)[number]['name'];
type Client = ReturnType<typeof clientOf>;

/** How a failure presents itself to those who decide what comes next. */
async function told(promise: Promise<unknown>): Promise<string> {
  const { kind, retryable, outcomeUnknown } = await failureOf(promise);
  return [kind, ...(retryable ? ['retryable'] : []), ...(outcomeUnknown ? ['outcome unknown'] : [])].join(
    '; ',
  );
}

async function answered(
  answer: (response: ServerResponse) => void,
  call: (client: Client) => Promise<unknown>,
) {
  const server = await startServer((response) => answer(response));
  return told(call(clientOf(server.url)));
}

const upload = (client: Client, uploadUrl: string): Promise<void> =>
  uploadBinary(client, {
    uploadMeta: { uploadUrl },
    body: (async function* () {
      yield await Promise.resolve(Buffer.from('hello'));
    })(),
    size: 5,
    contentMD5: 'XUFAKrxLKna5cZ2REBfFkg==',
  });

async function refusedLink(uploadUrl: string): Promise<string> {
  const canary = await startServer((response) => response.end());
  const client = clientOf(canary.url, { allowPrivateAddresses: false });
  const { title, retryable } = await failureOf(
    upload(client, uploadUrl.replace('{port}', String(canary.port))),
  );
  return `${title}; ${retryable ? '' : 'not '}retryable; ${canary.requests.length === 0 ? 'nothing' : 'something'} was sent`;
}

async function throttled(retryAfter: string): Promise<string> {
  const server = await startServer((response) =>
    json(response, 429, { title: 'Slow down' }, { 'retry-after': retryAfter }),
  );
  const client = clientOf(server.url, { now: () => Date.parse('2026-11-23T12:00:00Z') });
  const call = createFile(client, 'a1', { contentMD5: 'x' });
  const { retryAfterSeconds } = await failureOf(call);
  return retryAfterSeconds === null
    ? 'again after a backoff of our own'
    : `again after ${retryAfterSeconds} s`;
}

const at20 = (call: () => Promise<unknown>) => Promise.allSettled(Array.from({ length: 20 }, call));
const file = { id: 'f1', uploadMeta: { uploadUrl: 'https://s3.example.com/a' } };

const plays: Record<Name, () => Promise<string>> = {
  't-uploadurl-internal': () => refusedLink('https://169.254.169.254/latest/meta-data/'),
  't-uploadurl-http': () => refusedLink('http://127.0.0.1:{port}/key'),
  't-uploadurl-missing': () =>
    answered(
      (response) => json(response, 200, { id: 'f1', uploadMeta: {} }),
      (client) => createFile(client, 'a1', { contentMD5: 'x' }),
    ),
  't-id-traversal': () =>
    answered(
      (response) => json(response, 200, { id: '../users/1' }),
      (client) => getAsset(client, 'a1'),
    ),
  't-id-missing': () =>
    answered(
      (response) => json(response, 201, {}),
      (client) => createAsset(client, { name: 'x', division: { id: 'd1' } }),
    ),
  't-200-html': () =>
    answered(
      (response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>'),
      (client) => getAsset(client, 'a1'),
    ),
  't-json-50MB': async () => {
    let sentBytes = 0;
    const server = await startRawServer(async (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const block = Buffer.alloc(1_000_000, ' ');
      for (let count = 0; count < 50 && !response.destroyed; count += 1) {
        sentBytes += block.length;
        await new Promise((resolve) => response.write(block, resolve));
      }
      response.end();
    });
    const outcome = await told(getAsset(clientOf(server.url), 'a1'));
    expect(sentBytes).toBeLessThan(40_000_000);
    return outcome;
  },
  't-307-put': async () => {
    const other = await startServer((response) => response.end());
    const server = await startServer((response) => response.writeHead(307, { location: other.url }).end());
    const { kind, status } = await failureOf(upload(clientOf(server.url), `${server.url}/key`));
    return `${kind} ${status}; the other host saw ${other.requests.length === 0 ? 'nothing' : 'the file'}`;
  },
  't-ct-crlf': () =>
    answered(
      (response) =>
        json(response, 201, {
          ...file,
          uploadMeta: { ...file.uploadMeta, suggestedContentType: 'text/plain\r\nX-Evil: 1' },
        }),
      (client) => createFile(client, 'a1', { contentMD5: 'x' }),
    ),
  't-429-ra-0': () => throttled('0'),
  't-429-ra-date': () => throttled('Mon, 23 Nov 2026 12:01:30 GMT'),
  't-429-ra-huge': () => throttled('99999'),
  't-429-ra-neg': () => throttled('-5'),
  't-401-mid': async () => {
    let loads = 0;
    const server = await startServer((response, { headers }) =>
      headers.authorization === 'Bearer token-2'
        ? json(response, 200, { id: 'a1' })
        : json(response, 401, {}),
    );
    const token = staticToken(() => Promise.resolve(`token-${(loads += 1)}`));
    const client = clientOf(server.url, { token });
    const outcomes = await at20(() => getAsset(client, 'a1'));
    const good = outcomes.filter(({ status }) => status === 'fulfilled').length;
    return `${good} calls succeed; ${loads} loads of the token`;
  },
  't-refresh-500': async () => {
    let loads = 0;
    const token = staticToken(() => {
      loads += 1;
      return loads === 1 ? Promise.reject(new Error('500')) : Promise.resolve('token-1');
    });
    const server = await startServer((response) => json(response, 200, { id: 'a1' }));
    const client = clientOf(server.url, { token });
    const failed = (await at20(() => getAsset(client, 'a1'))).filter(
      ({ status }) => status === 'rejected',
    ).length;
    const first = `${failed} calls fail; ${loads} load of the token`;
    await getAsset(client, 'a1');
    return `${first}; the next call ${loads === 2 ? 'loads again' : 'does not load again'}`;
  },
  't-token-short': async () => {
    let loads = 0;
    const server = await startServer((response) => json(response, 401, {}));
    const token = staticToken(() => Promise.resolve(`token-${(loads += 1)}`));
    const { status } = await failureOf(getAsset(clientOf(server.url, { token }), 'a1'));
    return `${status === 401 ? 'refused' : 'taken'} after ${server.requests.length} requests and ${loads} loads`;
  },
};

describe('a call to a hostile Showpad', () => {
  test.each(callCases)('$name ends with: $result', async ({ name, result }) => {
    expect(await plays[name]()).toBe(result);
  });
});
