import { once } from 'node:events';
import { createServer } from 'node:tls';
import { describe, expect, onTestFinished, test } from 'vitest';
import { declaredTypes } from '../../lib/declared-type.ts';
import { createDispatcher, guardedConnector } from '../../lib/guarded-connector.ts';
import { SourceError } from '../../lib/source-error.ts';
import { collect, dispatcherFor, everyHostIs, serve, serveRaw, start } from '../unit/stranger-source.ts';
import { untrustedCertificate } from '../unit/untrusted-certificate.ts';
import { sourceServerCases, type SourceServerCase } from './source-server-cases.ts';

type Setting = { url: string; options: NonNullable<SourceServerCase['options']>; count: () => number };

/** Starts the source of a row, with a way to it. */
async function startSource({ name, raw, answer, tls, options = {} }: SourceServerCase): Promise<Setting> {
  if (tls !== undefined) {
    const versions = tls === '1.0' ? ({ minVersion: 'TLSv1', maxVersion: 'TLSv1' } as const) : {};
    const server = createServer({ ...untrustedCertificate, ...versions });
    server.on('tlsClientError', () => undefined);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const dispatcher = createDispatcher({ allowPrivateAddresses: true });
    onTestFinished(() => dispatcher.destroy());
    return { url: `https://127.0.0.1:${port}/a.pdf`, options: { ...options, dispatcher }, count: () => 1 };
  }
  if (raw !== undefined) {
    let requests = 0;
    const { url } = await serveRaw((socket, nth) => {
      requests = nth;
      const piece = raw[Math.min(nth, raw.length) - 1] ?? '';
      socket.end(piece);
    });
    const dispatcher = createDispatcher({ allowPrivateAddresses: true });
    onTestFinished(() => dispatcher.destroy());
    return { url, options: { connectAttempts: 1, ...options, dispatcher }, count: () => requests };
  }
  const source = await serve((request, response, nth) => answer?.(response, nth, request));
  if (options.allowPrivateAddresses !== false)
    return { url: source.url, options, count: () => source.requests.length };
  const here = everyHostIs(source.port);
  const guarded = guardedConnector({ resolve: () => Promise.resolve([{ address: '10.0.0.1', family: 4 }]) });
  const dispatcher = dispatcherFor((target, callback) =>
    (target.hostname === 'cdn.acme.com' ? here : guarded)(target, callback),
  );
  const scheme = name === 'src-redirect-http' ? 'https' : 'http';
  return {
    url: `${scheme}://cdn.acme.com/a.pdf`,
    options: { ...options, dispatcher },
    count: () => source.requests.length,
  };
}

async function outcomeOf({ url, options }: Setting): Promise<string> {
  try {
    await collect((await start(url, options)).body);
    return 'taken';
  } catch (error) {
    if (error instanceof SourceError) return error.code;
    throw error;
  }
}

describe('a hostile source', () => {
  test.each(sourceServerCases)('$name ends as $result', async (row) => {
    const setting = await startSource(row);
    const outcome = await outcomeOf(setting);
    // A parser may end at the announced length before it sees that more has come.
    const mayPass = row.name === 'src-cl-long' && outcome === 'taken';
    if (!mayPass) expect(outcome).toBe(row.result);
    expect(setting.count()).toBe(row.requests ?? 1);
  });

  test('gives a file no type but that of its name and its event', () => {
    expect(declaredTypes({ name: 'a.pdf' }).at(-1)).toBe('application/pdf');
    expect(declaredTypes({ name: 'a.pdf', mediaType: 'application/x-pdf; v=1' }).at(-1)).toBe(
      'application/x-pdf',
    );
  });
});
