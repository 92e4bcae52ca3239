import { setTimeout as pause } from 'node:timers/promises';
import { Agent, type Dispatcher } from 'undici';
import { startBlackHole } from './black-hole.ts';
import { answer, broken, refuse } from './given-answers.ts';
import { currentInvocation, ProcessEnded } from './invocation.ts';
import type { Invocation, OutsideCall } from './invocation.ts';
import { keptRequest, makeLater } from './late-requests.ts';
import { stopError, WatchedHandler } from './watched-handler.ts';

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
export async function watchHttpCalls(
  watch: HttpWatch,
): Promise<{ unwatch: () => void; late: () => Promise<unknown> }> {
  const dispatch = Agent.prototype.dispatch;
  const blackHole = await startBlackHole();
  const lateEffects = new Set<Promise<unknown>>();
  const comeLater = (call: OutsideCall, options: Options, delayMs: number): Promise<void> => {
    const kept = keptRequest(options);
    const come = async (): Promise<void> => {
      const request = await kept;
      await pause(delayMs);
      const end = watch.onStart(call);
      await makeLater(request).finally(end);
    };
    // What was never whole, or asks nobody, has no effect.
    const effect = come().catch(() => undefined);
    lateEffects.add(effect);
    void effect.finally(() => lateEffects.delete(effect));
    return kept.then(
      () => undefined,
      () => undefined,
    );
  };

  Agent.prototype.dispatch = function (this: Agent, options: Options, handler: Handler): boolean {
    const invocation = currentInvocation();
    if (invocation === undefined) return dispatch.call(this, options, handler);
    const send = (how: Options, to: Handler): boolean => dispatch.call(this, how, to);
    if (invocation.wasFrozen) {
      void invocation.thawed().then(() => start(invocation, options, handler, send));
      return true;
    }
    return start(invocation, options, handler, send);
  };

  function start(
    invocation: Invocation,
    options: Options,
    handler: Handler,
    send: (options: Options, handler: Handler) => boolean,
  ): boolean {
    if (invocation.hasEnded) return refuse(handler, new ProcessEnded());
    const call = describe(invocation, options, watch.showpadOrigin);
    const fate = invocation.decide(call);
    if (fate.kind === 'answer') return answer(handler, options, fate);
    if (fate.kind === 'late') {
      void comeLater(call, options, fate.delayMs).then(() => refuse(handler, broken()));
      return true;
    }
    if ((fate.kind === 'kill' || fate.kind === 'break') && fate.moment === 'before') {
      return refuse(handler, stopError(fate, invocation));
    }
    if (fate.kind === 'stall' && fate.moment !== 'midway') {
      const origin = blackHole.origin;
      if (fate.moment === 'before') return send({ ...options, origin }, handler);
      void comeLater(call, options, 0).then(() => send({ ...options, origin, body: null }, handler));
      return true;
    }
    if (fate.kind === 'freeze' && fate.moment === 'before') {
      const { isCut } = fate;
      invocation.freeze(pause(fate.forMs));
      void invocation.thawed().then(() => (isCut ? refuse(handler, broken()) : forward()));
      return true;
    }
    if (fate.kind === 'slow') {
      const end = watch.onStart(call);
      void pause(fate.delayMs).then(() => {
        if (!invocation.hasEnded) return forward(end);
        end();
        return refuse(handler, new ProcessEnded());
      });
      return true;
    }
    function forward(end = watch.onStart(call)): boolean {
      const isUpload = call.system === 'upload' || call.path.endsWith('/assets.json');
      const watched = new WatchedHandler(handler, { invocation, fate, end, isUpload });
      return send(watched.withCutBody(options), watched);
    }
    return forward();
  }

  return {
    unwatch: () => {
      Agent.prototype.dispatch = dispatch;
      blackHole.close();
    },
    late: () => Promise.all(lateEffects),
  };
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
