import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { Agent, buildConnector, type Dispatcher } from 'undici';
import { download, type Download, type DownloadOptions } from '../../lib/download.ts';
import { SourceError } from '../../lib/source-error.ts';

export type StrangerSource = { url: string; port: number; requests: IncomingMessage[]; connections: number };

async function listen(server: Server, sockets: Set<Socket>): Promise<number> {
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port.');
  return address.port;
}

/** An HTTP server for the running test. The answer may depend on how many requests came before. */
export async function serve(
  answer: (request: IncomingMessage, response: ServerResponse, nth: number) => void,
): Promise<StrangerSource> {
  const sockets = new Set<Socket>();
  const source: StrangerSource = { url: '', port: 0, requests: [], connections: 0 };
  const server = createServer((request, response) => {
    source.requests.push(request);
    answer(request, response, source.requests.length);
  });
  server.on('connection', (socket) => {
    source.connections += 1;
    sockets.add(socket);
  });
  source.port = await listen(server, sockets);
  source.url = `http://127.0.0.1:${source.port}/files/report.pdf`;
  return source;
}

/** A server that speaks no HTTP of its own: `answer` writes what it likes once a request head has arrived. */
export async function serveRaw(
  answer: (socket: Socket, nth: number, head: string) => void,
): Promise<{ url: string }> {
  const sockets = new Set<Socket>();
  let requests = 0;
  const server = createTcpServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('data', (head) => {
      requests += 1;
      answer(socket, requests, head.toString('latin1'));
    });
  });
  const port = await listen(server, sockets);
  return { url: `http://127.0.0.1:${port}/files/report.pdf` };
}

/** Reaches the server on `port` under whatever host name a URL has, and over a plain socket even for https. */
export function everyHostIs(port: number): buildConnector.connector {
  const connect = buildConnector({});
  return (_target, callback) => {
    connect({ hostname: '127.0.0.1', host: '127.0.0.1', protocol: 'http:', port: String(port) }, callback);
  };
}

/** A dispatcher that lives as long as the running test. */
export function dispatcherFor(connect: buildConnector.connector = buildConnector({})): Dispatcher {
  const agent = new Agent({ allowH2: false, connect });
  onTestFinished(() => agent.destroy());
  return agent;
}

/** Downloads without waiting between attempts and without patience; every value can be overridden. */
export function start(url: string, options: Partial<DownloadOptions> = {}): Promise<Download> {
  return download(url, {
    dispatcher: options.dispatcher ?? dispatcherFor(),
    allowPrivateAddresses: true,
    maxBytes: 10_000_000,
    headersTimeoutMs: 2_000,
    idleTimeoutMs: 2_000,
    random: () => 0,
    sleep: () => Promise.resolve(),
    ...options,
  });
}

export async function collect(content: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of content) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** The SourceError a download ends with, at its start or while it is read. */
export async function failureOf(url: string, options: Partial<DownloadOptions> = {}): Promise<SourceError> {
  try {
    await collect((await start(url, options)).body);
  } catch (error) {
    if (error instanceof SourceError) return error;
    throw error;
  }
  throw new Error('The download succeeded.');
}
