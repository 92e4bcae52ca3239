import { Readable } from 'node:stream';
import { errors, type Dispatcher } from 'undici';
import type { Fate } from './invocation.ts';

type Handler = Dispatcher.DispatchHandler;

export const broken = (): Error => new errors.SocketError('other side closed');

/** Stands in for the connection of a request that is not made. */
class IdleController {
  readonly aborted = false;
  readonly paused = false;
  readonly reason = null;
  readonly rawHeaders = [];
  abort(): void {}
  pause(): void {}
  resume(): void {}
}

/** Lets a request fail that is not made. */
export function refuse(handler: Handler, error: Error): boolean {
  handler.onResponseError?.(new IdleController(), error);
  return false;
}

/** Answers a request that is not made. */
export function answer(
  handler: Handler,
  { body }: Dispatcher.DispatchOptions,
  fate: Extract<Fate, { kind: 'answer' }>,
): boolean {
  if (body instanceof Readable) body.destroy();
  const controller = new IdleController();
  handler.onRequestStart?.(controller, {});
  handler.onResponseStart?.(controller, fate.status, { ...fate.headers }, '');
  if (fate.body !== undefined) handler.onResponseData?.(controller, Buffer.from(fate.body));
  handler.onResponseEnd?.(controller, {});
  return true;
}
