import { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { Agent, errors, type Dispatcher } from 'undici';
import { currentInvocation, outsideInvocations, ProcessEnded } from './invocation.ts';
import type { Fate, Invocation, OutsideCall } from './invocation.ts';

type Options = Dispatcher.DispatchOptions;
type Handler = Dispatcher.DispatchHandler;

export interface HttpWatch {
  /** Told of each request that reaches out, and answered with what to call when it is over. */
  readonly onStart: (call: OutsideCall) => () => void;
  /** Where Showpad's API answers. */
  readonly showpadOrigin: string;
}

/**
 * Lets every HTTP request that an invocation makes through undici meet its fate.
 * @returns the way back, and what settles when every late effect has come
 */
export function watchHttpCalls(watch: HttpWatch): { unwatch: () => void; late: () => Promise<unknown> } {
  const dispatch = Agent.prototype.dispatch;
  const lateEffects = new Set<Promise<unknown>>();
  Agent.prototype.dispatch = function (this: Agent, options: Options, handler: Handler): boolean {
    const invocation = currentInvocation();
    if (invocation === undefined) return dispatch.call(this, options, handler);
    if (invocation.hasEnded) return refuse(handler, new ProcessEnded());
    const call = describe(invocation, options, watch.showpadOrigin);
    const fate = invocation.decide(call);
    if (fate.kind === 'answer') return answer(handler, options, fate);
    if (fate.kind === 'late') {
      const effect = pause(fate.delayMs).then(() => repeatLater(options));
      lateEffects.add(effect);
      void effect.finally(() => lateEffects.delete(effect));
      return refuse(handler, broken());
    }
    if ((fate.kind === 'kill' || fate.kind === 'break') && fate.moment === 'before') {
      return refuse(handler, stop(fate, invocation));
    }
    const end = watch.onStart(call);
    const watched = new WatchedHandler(handler, {
      invocation,
      fate,
      end,
      isUpload: call.system === 'upload',
    });
    return dispatch.call(this, watched.withCutBody(options), watched);
  };
  return {
    unwatch: () => {
      Agent.prototype.dispatch = dispatch;
    },
    late: () => Promise.all(lateEffects),
  };
}

const broken = (): Error => new errors.SocketError('other side closed');

/** The error that the code sees when its call is stopped. */
function stop(fate: Fate, invocation: Invocation): Error {
  if (fate.kind !== 'kill') return broken();
  invocation.kill();
  return new ProcessEnded();
}

interface Watched {
  readonly invocation: Invocation;
  readonly fate: Fate;
  readonly end: () => void;
  readonly isUpload: boolean;
}

/** Passes on what comes of a request until it is stopped. */
class WatchedHandler implements Handler {
  readonly #inner: Handler;
  readonly #watched: Watched;
  #forget: () => void = () => undefined;

  constructor(inner: Handler, watched: Watched) {
    this.#inner = inner;
    this.#watched = watched;
  }

  /** The request as it is sent: an upload that is stopped midway loses the second half of its first chunk. */
  withCutBody(options: Options): Options {
    const { body } = options;
    if (!this.#stopsAt('midway') || !this.#watched.isUpload || !(body instanceof Readable)) return options;
    const { fate, invocation } = this.#watched;
    async function* firstHalf(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
      for await (const chunk of chunks) {
        yield chunk.subarray(0, Math.floor(chunk.length / 2));
        throw stop(fate, invocation);
      }
    }
    return { ...options, body: Readable.from(firstHalf(body), { objectMode: false }) };
  }

  onRequestStart(controller: Dispatcher.DispatchController, context: unknown): void {
    this.#forget = this.#watched.invocation.onKill(() => {
      controller.abort(new ProcessEnded());
    });
    this.#inner.onRequestStart?.(controller, context);
  }

  onResponseStart(...parts: Parameters<NonNullable<Handler['onResponseStart']>>): void {
    const [controller] = parts;
    if (this.#stopsAt('after')) controller.abort(stop(this.#watched.fate, this.#watched.invocation));
    else this.#inner.onResponseStart?.(...parts);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.#stopsAt('midway')) {
      this.#inner.onResponseData?.(controller, chunk);
      return;
    }
    this.#inner.onResponseData?.(controller, chunk.subarray(0, Math.floor(chunk.length / 2)));
    controller.abort(stop(this.#watched.fate, this.#watched.invocation));
  }

  onResponseEnd(controller: Dispatcher.DispatchController, trailers: object): void {
    this.#over();
    this.#inner.onResponseEnd?.(controller, { ...trailers });
  }

  onResponseError(controller: Dispatcher.DispatchController, error: Error): void {
    this.#over();
    this.#inner.onResponseError?.(controller, error);
  }

  #stopsAt(moment: 'midway' | 'after'): boolean {
    const { fate } = this.#watched;
    return (fate.kind === 'kill' || fate.kind === 'break') && fate.moment === moment;
  }

  #over(): void {
    this.#forget();
    this.#watched.end();
  }
}

class IdleController {
  readonly aborted = false;
  readonly paused = false;
  readonly reason = null;
  readonly rawHeaders = [];
  abort(): void {}
  pause(): void {}
  resume(): void {}
}

function refuse(handler: Handler, error: Error): boolean {
  handler.onResponseError?.(new IdleController(), error);
  return false;
}

function answer(handler: Handler, { body }: Options, fate: Extract<Fate, { kind: 'answer' }>): boolean {
  if (body instanceof Readable) body.destroy();
  const controller = new IdleController();
  handler.onRequestStart?.(controller, {});
  handler.onResponseStart?.(controller, fate.status, { ...fate.headers }, '');
  handler.onResponseEnd?.(controller, {});
  return true;
}

/** Makes a request whose maker has long given up. */
async function repeatLater(options: Options): Promise<void> {
  const { origin = '', path, method, headers, body } = options;
  if (body instanceof Readable) throw new Error('A stream cannot be sent later.');
  await outsideInvocations(async () => {
    const agent = new Agent();
    try {
      const made = { origin, path, method, body: body ?? null, headers: headers ?? {} };
      const { body: answered } = await agent.request({
        ...made,
        headers: made.headers as Record<string, string>,
      });
      await answered.dump();
    } finally {
      await agent.close();
    }
  });
}

function describe(
  invocation: Invocation,
  { origin = '', path: target, method, body }: Options,
  showpadOrigin: string,
): OutsideCall {
  const path = target.split('?')[0] ?? '';
  const isShowpad = new URL(String(origin)).origin === showpadOrigin;
  const system = isShowpad ? 'showpad' : path.startsWith('/showpad-uploads/') ? 'upload' : 'source';
  const place = system === 'showpad' ? path.replaceAll(/[0-9a-f]{32}/g, '{id}') : `(${system})`;
  return {
    invocation,
    label: `${invocation.functionName}: ${method} ${place}`,
    system,
    method,
    path,
    body: typeof body === 'string' ? body : undefined,
  };
}
