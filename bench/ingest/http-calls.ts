import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { ClientRequest } from 'node:http';
import * as z from 'zod';

const channelMessage = z.object({ request: z.instanceof(ClientRequest) });

export interface HttpCall {
  /** The AWS operation, such as `GetItem`. */
  readonly operation: string;
  readonly milliseconds: number;
}

/**
 * Watches the AWS calls of this process, from the request to the last byte of the answer.
 * @returns how to stop watching and get them
 */
export function watchAwsCalls(now: () => number = () => performance.now()): () => HttpCall[] {
  const calls: HttpCall[] = [];
  const startedAt = new WeakMap<ClientRequest, number>();
  const onStart = (message: unknown): void => {
    startedAt.set(channelMessage.parse(message).request, now());
  };
  const onFinish = (message: unknown): void => {
    const { request } = channelMessage.parse(message);
    const target = String(request.getHeader('x-amz-target') ?? 'other');
    const started = startedAt.get(request);
    if (started === undefined) return;
    calls.push({ operation: target.split('.').at(-1) ?? target, milliseconds: now() - started });
  };
  subscribe('http.client.request.start', onStart);
  subscribe('http.client.response.finish', onFinish);
  return () => {
    unsubscribe('http.client.request.start', onStart);
    unsubscribe('http.client.response.finish', onFinish);
    return calls;
  };
}
