import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { uploadBinary } from '../../lib/showpad/upload.ts';
import { clientOf, failureOf, startRawServer, startServer } from './showpad-client-server.ts';
import { stalling, uploadOf } from './showpad-upload.ts';

/** A byte at each turn of the event loop. */
async function* drip() {
  for (let index = 0; index < 100_000; index += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    yield Buffer.from('x');
  }
}

describe('a transfer that stands still', () => {
  const limits = { stallTimeoutMs: 30, rateWindowMs: 60_000 };

  it('at its source ends', async () => {
    const server = await startRawServer((request) => void request.resume());
    const upload = uploadOf(server.url, stalling('012', '345'), limits);
    const error = await failureOf(uploadBinary(clientOf(server.url), upload));
    expect(error).toMatchObject({
      kind: 'timeout',
      title: 'TransferTooSlow',
      retryable: true,
      outcomeUnknown: false,
    });
    expect(error.detail).toMatch(/source/);
    expect(upload.body).toHaveProperty('destroyed', true);
  });

  it('at its target ends', async () => {
    const server = await startRawServer(() => undefined);
    const chunks = Array.from({ length: 64 }, () => Buffer.alloc(1024 * 1024));
    const upload = uploadOf(server.url, chunks, { ...limits, size: 64 * 1024 * 1024 });
    const error = await failureOf(uploadBinary(clientOf(server.url), upload));
    expect(error).toMatchObject({ kind: 'timeout', title: 'TransferTooSlow' });
    expect(error.detail).toMatch(/target/);
    expect(upload.body).toHaveProperty('destroyed', true);
  });

  it('nearly, ends as well', async () => {
    const server = await startRawServer((request) => void request.resume());
    const upload = uploadOf(server.url, Readable.from(drip()), {
      size: 1_000_000_000,
      stallTimeoutMs: 60_000,
      rateWindowMs: 50,
      minimumBytesPerSecond: 1e9,
    });
    const error = await failureOf(uploadBinary(clientOf(server.url), upload));
    expect(error).toMatchObject({ kind: 'timeout', title: 'TransferTooSlow', retryable: true });
    expect(error.detail).toMatch(/slower than/);
  });

  it('after its last byte ends too, perhaps with an effect', async () => {
    const server = await startServer(() => undefined);
    const upload = uploadOf(server.url, ['0123456789'], { answerTimeoutMs: 30 });
    const error = await failureOf(uploadBinary(clientOf(server.url), upload));
    expect(error).toMatchObject({ kind: 'timeout', status: null, retryable: true, outcomeUnknown: true });
  });

  it('because its caller stops it, ends at once', async () => {
    const stop = new AbortController();
    const server = await startRawServer((request) => void request.once('data', () => stop.abort()));
    const upload = uploadOf(server.url, stalling('012'), { signal: stop.signal });
    const body = stalling('012', '345');
    const error = await failureOf(uploadBinary(clientOf(server.url), { ...upload, body }));
    expect(error).toMatchObject({ title: 'Stopped by the caller', outcomeUnknown: false });
    expect(body.destroyed).toBe(true);
  });
});
