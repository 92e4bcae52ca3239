import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { workerData } from 'node:worker_threads';
import * as z from 'zod';

const idleMs = 100;

// Runs in a thread of its own, so that it goes on while the thread of the test is frozen.
const server = createServer({ keepAlive: true }, (request, response) => {
  const { socket } = request;
  request.resume().on('end', () => {
    const body = answerOf(request.url);
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length }).end(body);
    const reset = setTimeout(() => socket.resetAndDestroy(), idleMs);
    socket.once('data', () => {
      clearTimeout(reset);
    });
    socket.on('error', () => undefined);
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => {
  const port = z.instanceof(Int32Array).parse(workerData);
  Atomics.store(port, 0, (server.address() as AddressInfo).port);
  Atomics.notify(port, 0);
});

/** The envelope of API v3 is an answer for everybody. */
function answerOf(url = ''): string {
  const resource = { id: 'a', resourcetype: 'Asset' };
  return JSON.stringify(url.includes('/v3/') ? { meta: { code: 200 }, response: resource } : resource);
}
