import { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import type { Dispatcher } from 'undici';
import { broken, refuse } from './given-answers.ts';
import { ProcessEnded } from './invocation.ts';
import type { Fate, Invocation } from './invocation.ts';

type Handler = Dispatcher.DispatchHandler;
type Controller = Dispatcher.DispatchController;

/** The error that the code sees when its call is stopped. */
export function stopError(fate: Fate, invocation: Invocation): Error {
  if (fate.kind !== 'kill') return broken();
  invocation.kill();
  return new ProcessEnded();
}

export interface Watched {
  readonly invocation: Invocation;
  readonly fate: Fate;
  readonly end: () => void;
  /** Whether its body is what can be cut midway; otherwise it is that of the answer. */
  readonly isUpload: boolean;
}

/** Passes on what comes of a request until it is stopped; nothing of it while its process stands still. */
export class WatchedHandler implements Handler {
  readonly #inner: Handler;
  readonly #watched: Watched;
  #forget: () => void = () => undefined;
  #isSilent = false;

  constructor(inner: Handler, watched: Watched) {
    this.#inner = inner;
    this.#watched = watched;
  }

  /** The request as it is sent: an upload that is stopped midway loses the second half of its first chunk. */
  withCutBody(options: Dispatcher.DispatchOptions): Dispatcher.DispatchOptions {
    const { body } = options;
    if (!this.#stopsAt('midway') || !this.#watched.isUpload || !(body instanceof Readable)) return options;
    const { fate, invocation } = this.#watched;
    async function* firstHalf(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
      for await (const chunk of chunks) {
        yield chunk.subarray(0, Math.floor(chunk.length / 2));
        if (fate.kind === 'stall') await new Promise(() => undefined);
        throw stopError(fate, invocation);
      }
    }
    return { ...options, body: Readable.from(firstHalf(body), { objectMode: false }) };
  }

  onRequestStart(controller: Controller, context: unknown): void {
    this.#forget = this.#watched.invocation.onKill(() => {
      controller.abort(new ProcessEnded());
    });
    this.#inner.onRequestStart?.(controller, context);
  }

  onResponseStart(...parts: Parameters<NonNullable<Handler['onResponseStart']>>): void {
    const [controller] = parts;
    const { fate, invocation } = this.#watched;
    if (fate.kind === 'freeze' && fate.moment === 'after') invocation.freeze(pause(fate.forMs));
    if (this.#stopsAt('after')) controller.abort(stopError(fate, invocation));
    else this.#pass(() => this.#inner.onResponseStart?.(...parts));
  }

  onResponseData(controller: Controller, chunk: Buffer): void {
    const { fate, invocation, isUpload } = this.#watched;
    if (this.#isSilent) return;
    if (!this.#stopsAt('midway') || isUpload) {
      this.#pass(() => this.#inner.onResponseData?.(controller, chunk));
      return;
    }
    this.#inner.onResponseData?.(controller, chunk.subarray(0, Math.floor(chunk.length / 2)));
    if (fate.kind === 'stall') this.#isSilent = true;
    else controller.abort(stopError(fate, invocation));
  }

  onResponseEnd(controller: Controller, trailers: object): void {
    this.#over();
    if (this.#isSilent) return;
    this.#pass(() => this.#inner.onResponseEnd?.(controller, { ...trailers }));
  }

  onResponseError(controller: Controller, error: Error): void {
    this.#over();
    this.#pass(() => this.#inner.onResponseError?.(controller, error));
  }

  /** In their order, because each waits for the same moment. */
  #pass(event: () => void): void {
    if (!this.#watched.invocation.wasFrozen) {
      event();
      return;
    }
    void this.#passThawed(event);
  }

  async #passThawed(event: () => void): Promise<void> {
    const { fate, invocation } = this.#watched;
    await invocation.thawed();
    if (fate.kind !== 'freeze' || !fate.isCut) event();
    else if (!this.#isSilent) {
      this.#isSilent = true;
      refuse(this.#inner, broken());
    }
  }

  #stopsAt(moment: 'midway' | 'after'): boolean {
    const { fate } = this.#watched;
    const stops = fate.kind === 'kill' || fate.kind === 'break' || fate.kind === 'stall';
    return stops && fate.moment === moment;
  }

  #over(): void {
    this.#forget();
    this.#watched.end();
  }
}
