import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Answer } from './answer.ts';
import { mediaTypeOf, readUntil, sendPart, statusAnswer } from './fault-actions.ts';
import type { Fault, Faults } from './faults.ts';
import type { RequestLog, RequestRecord } from './request-log.ts';
import type { Scheduler } from './scheduler.ts';

/** Takes a request in whole and returns what does its work; nothing changes until that is called. */
export type Receive = (request: IncomingMessage, url: URL, record: RequestRecord) => Promise<() => Answer>;

interface ListenerOptions {
  readonly name: RequestRecord['listener'];
  readonly port: number;
  readonly receive: Receive;
  readonly errorAnswer: (status: number, path: string) => Answer;
  /** Answers paths that are no part of Showpad: no faults, no log. */
  readonly control?: (request: IncomingMessage, response: ServerResponse, url: URL) => boolean;
  readonly faults: Faults;
  readonly log: RequestLog;
  readonly scheduler: Scheduler;
  /** Keeps what a request has changed, before it is answered. */
  readonly keep: () => void;
}

export interface Listener {
  readonly origin: string;
  close(): Promise<void>;
}

/** Serves HTTP on 127.0.0.1, with the scripted faults between the network and what `receive` does. */
export async function startListener(options: ListenerOptions): Promise<Listener> {
  const server = createServer({ highWaterMark: 1024 * 1024, requestTimeout: 0 }, (request, response) => {
    const url = URL.parse(request.url ?? '/', 'http://127.0.0.1');
    if (url === null) {
      sendPart(response, options.errorAnswer(400, ''), Infinity);
      return;
    }
    if (options.control?.(request, response, url) === true) return;
    void serve(options, request, response, url);
  });
  const port = await listen(server, options.port);
  return {
    origin: `http://127.0.0.1:${String(port)}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, wantedPort: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(wantedPort, '127.0.0.1', () => {
      server.off('error', reject);
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : wantedPort);
    });
  });
}

async function serve(
  options: ListenerOptions,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
): Promise<void> {
  const { name, faults, log, scheduler } = options;
  scheduler.advance();
  const { method = '' } = request;
  const fault = faults.take(method, url.pathname);
  const record = log.start(
    {
      listener: name,
      receivedAt: new Date(scheduler.now()).toISOString(),
      method,
      path: url.pathname,
      query: url.search.slice(1),
      fault: fault?.id ?? null,
    },
    request.headers,
  );
  request.on('data', (chunk: Buffer) => {
    record.bodyBytes += chunk.length;
  });
  request.pause();
  // A client that goes away is its own affair; without a listener its error would end the process.
  request.on('error', () => undefined);
  response.on('close', () => {
    if (!record.finished) log.finish(record);
  });
  try {
    await answerOrFail(options, fault, { request, response, url, record });
  } catch (error) {
    // All of it may have come, and yet not have been read.
    if (request.destroyed && !request.readableEnded) return;
    response.destroy();
    throw error;
  }
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
  readonly record: RequestRecord;
}

async function answerOrFail(
  options: ListenerOptions,
  fault: Fault | undefined,
  { request, response, url, record }: Exchange,
): Promise<void> {
  const { scheduler, log, keep } = options;
  const action = fault?.action;
  const send = (answer: Answer, bodyBytes = Infinity) => {
    record.status = answer.status;
    record.answer = answer.shown ?? answer.json;
    record.answerMediaType = mediaTypeOf(answer);
    sendPart(response, answer, bodyBytes);
  };

  if (action?.kind === 'reset') {
    request.socket.resetAndDestroy();
    return;
  }
  if (action?.kind === 'status') {
    request.resume();
    send(statusAnswer(action, (status) => options.errorAnswer(status, url.pathname)));
    return;
  }
  if (action?.kind === 'stall') {
    await readUntil(request, action.afterBytes ?? Infinity);
    log.touch();
    return;
  }
  if (action?.kind === 'cutRequest') {
    await readUntil(request, action.afterBytes);
    request.socket.destroy();
    return;
  }

  const perform = await options.receive(request, url, record);
  const work = () => {
    const answer = perform();
    scheduler.advance();
    keep();
    log.touch();
    return answer;
  };
  if (action?.kind === 'commitLate') {
    request.socket.destroy();
    scheduler.after(action.delayMs, work);
    return;
  }
  const answer = work();
  if (action?.kind === 'commitThenDrop') {
    request.socket.destroy();
  } else if (action?.kind === 'delay') {
    scheduler.after(action.delayMs, () => {
      send(answer);
    });
  } else {
    send(answer, action?.kind === 'cutAnswer' ? action.afterBytes : Infinity);
  }
}
