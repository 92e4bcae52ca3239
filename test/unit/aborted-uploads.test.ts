import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createDispatcher } from '../../lib/guarded-connector.ts';
import { ShowpadError } from '../../lib/showpad/errors.ts';
import { uploadBinary } from '../../lib/showpad/upload.ts';
import { startRawServer } from './showpad-client-server.ts';

const uploads = 10_000;
const atOnce = 50;
const size = 48 * 1024;
const chunk = Buffer.alloc(size / 3);

interface Way {
  /** What the storage does once the head, or the first chunk, or all of the request is there. */
  readonly serve?: (request: IncomingMessage, response: ServerResponse) => void;
  /** Gives the chunks, and may end the upload by itself. */
  readonly source?: (stop: AbortController) => AsyncGenerator<Buffer, void, undefined>;
  readonly isStopped?: boolean;
  /** Called when the last byte was taken by the storage. */
  readonly stopsAtTheEnd?: boolean;
  readonly outcome: { kind: ShowpadError['kind']; title?: string; status?: number; outcomeUnknown: boolean };
}

async function* whole() {
  await Promise.resolve();
  for (let index = 0; index < 3; index += 1) yield chunk;
}
/** Waits for ever when the first of its chunks is on its way; the other one is held back. */
async function* stalled() {
  yield chunk;
  yield chunk;
  await new Promise(() => undefined);
}
const resetLater = (request: IncomingMessage) => {
  request.once('data', () => request.socket.resetAndDestroy());
};
const resetAtTheEnd = (request: IncomingMessage) => {
  request.resume().once('end', () => request.socket.resetAndDestroy());
};
const neverAnswer = (request: IncomingMessage) => {
  request.resume();
};
const refuse = (request: IncomingMessage, response: ServerResponse) => {
  request.resume();
  response.writeHead(403, { connection: 'close', 'content-type': 'application/xml' });
  response.end('<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>');
};
const stopped = { kind: 'timeout', title: 'Stopped by the caller' } as const;
const lost = { kind: 'network', title: 'The connection failed' } as const;
const refused = { kind: 'response', title: 'AccessDenied', status: 403, outcomeUnknown: false } as const;

const ways: Readonly<Record<string, Way>> = {
  'stopped before it began': { isStopped: true, outcome: { ...stopped, outcomeUnknown: false } },
  'stopped in the middle': {
    async *source(stop) {
      yield chunk;
      yield chunk;
      stop.abort();
      yield chunk;
    },
    outcome: { ...stopped, outcomeUnknown: false },
  },
  'stopped while its source stood still': {
    async *source(stop) {
      setImmediate(() => {
        stop.abort();
      });
      yield* stalled();
    },
    outcome: { ...stopped, outcomeUnknown: false },
  },
  'stopped after its last byte': {
    serve: neverAnswer,
    stopsAtTheEnd: true,
    outcome: { ...stopped, outcomeUnknown: true },
  },
  'refused at once, and its connection closed': { serve: refuse, outcome: refused },
  'refused while its source stood still': { serve: refuse, source: stalled, outcome: refused },
  'reset at once': {
    serve: (request) => {
      request.socket.resetAndDestroy();
    },
    source: stalled,
    outcome: { ...lost, outcomeUnknown: false },
  },
  'reset in the middle': { serve: resetLater, source: stalled, outcome: { ...lost, outcomeUnknown: false } },
  'reset after its last byte': { serve: resetAtTheEnd, outcome: { ...lost, outcomeUnknown: true } },
  'given up because its source stood still': {
    source: stalled,
    outcome: { kind: 'timeout', title: 'TransferTooSlow', outcomeUnknown: false },
  },
  'cut by its source': {
    async *source() {
      yield* whole();
      throw new Error('S3 broke off.');
    },
    outcome: { kind: 'network', title: 'SourceFailed', outcomeUnknown: false },
  },
  'cut by its source before it began': {
    async *source() {
      await Promise.resolve();
      yield* [];
      throw new Error('S3 broke off.');
    },
    outcome: { kind: 'network', title: 'SourceFailed', outcomeUnknown: false },
  },
  'ended too early by its source': {
    async *source() {
      await Promise.resolve();
      yield chunk;
    },
    outcome: { kind: 'protocol', title: 'LengthMismatch', outcomeUnknown: false },
  },
};

const uncaught: unknown[] = [];
const note = (error: unknown) => uncaught.push(error);
beforeEach(() => {
  process.on('uncaughtException', note).on('unhandledRejection', note);
});
afterEach(() => {
  process.off('uncaughtException', note).off('unhandledRejection', note);
});

it('ten thousand uploads that come to nothing end with what is known of them, and leave nothing open', async () => {
  const names = Object.keys(ways);
  const atTheEnd = new Map<string, () => void>();
  const server = await startRawServer((request, response) => {
    const [, way = '', id = ''] = (request.url ?? '').split('/');
    request.on('error', () => undefined).on('end', () => atTheEnd.get(id)?.());
    (ways[names[Number(way)] ?? '']?.serve ?? neverAnswer)(request, response);
  });
  const before = resources();
  const dispatcher = createDispatcher({ allowPrivateAddresses: true });
  const client = {
    allowPrivateAddresses: true,
    withDispatcher: <T>(task: (one: typeof dispatcher) => Promise<T>) => task(dispatcher),
  };
  const wrong: unknown[] = [];

  const upload = async (index: number): Promise<void> => {
    const way = ways[names[index % names.length] ?? ''];
    if (way === undefined) throw new Error('There is no such way.');
    const stop = new AbortController();
    if (way.isStopped === true) stop.abort();
    if (way.stopsAtTheEnd === true) {
      atTheEnd.set(String(index), () => {
        stop.abort();
      });
    }
    const body = Readable.from((way.source ?? whole)(stop), { objectMode: false });
    const error = await uploadBinary(client, {
      uploadMeta: { uploadUrl: `${server.url}/${index % names.length}/${index}` },
      body,
      size,
      contentMD5: '1B2M2Y8AsgTpgAmY7PhCfg==',
      signal: stop.signal,
      ...(way.outcome.title === 'TransferTooSlow' && { stallTimeoutMs: 20 }),
    }).catch((reason: unknown) => reason);
    atTheEnd.delete(String(index));
    const isRight = error instanceof ShowpadError && matches(error, way.outcome) && body.destroyed;
    if (!isRight) wrong.push([names[index % names.length], error]);
  };
  const indexes = Array.from({ length: uploads }, (_none, index) => index).values();
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (const index of indexes) await upload(index);
    }),
  );
  await dispatcher.destroy();

  expect(wrong.slice(0, 3)).toEqual([]);
  await expect.poll(() => connectionsOf(server.server)).toBe(0);
  await expect.poll(resources).toEqual(before);
  expect(uncaught).toEqual([]);
}, 180_000);

function matches(error: ShowpadError, outcome: Way['outcome']): boolean {
  return Object.entries(outcome).every(([name, value]) => error[name as keyof Way['outcome']] === value);
}

/** Sockets of this process. */
function resources(): Record<string, number> {
  const kinds = process.getActiveResourcesInfo();
  return Object.fromEntries(
    ['TCPSocketWrap', 'TCPServerWrap'].map((kind) => [kind, kinds.filter((one) => one === kind).length]),
  );
}

function connectionsOf(server: {
  getConnections: (tell: (error: unknown, count: number) => void) => unknown;
}) {
  return new Promise<number>((resolve) => {
    server.getConnections((_error, count) => {
      resolve(count);
    });
  });
}
