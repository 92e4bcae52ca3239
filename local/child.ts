import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import * as z from 'zod';
import type { ChildAnswer, ChildCall } from './parent.ts';

/** A part of the stack in a process of its own. */
export interface Child<Ready> {
  readonly processId: number;
  readonly ready: Ready;
  /** Calls one of the functions that the child offers to its parent. */
  readonly call: <Answer>(
    answer: z.ZodType<Answer>,
    method: string,
    ...parameters: readonly unknown[]
  ) => Promise<Answer>;
  /** Settles when the process is gone; after `graceMs` it is killed. */
  readonly stop: (graceMs?: number) => Promise<void>;
}

/** Both sides run the same code, so what passes between them is trusted to be what its type says. */
export const trusted = <Data>(): z.ZodType<Data> => z.custom<Data>();

export interface ChildOptions<Ready> {
  readonly name: string;
  readonly file: string;
  /** What the child's `serveParent` starts with; plain data. */
  readonly settings: unknown;
  readonly ready: z.ZodType<Ready>;
  readonly onLog: (line: string) => void;
  /** The process ended although nobody stopped it. */
  readonly onEnd: (message: string) => void;
}

/**
 * Starts a process and waits until it serves.
 * @throws {Error} with the child's own words when it could not start.
 */
export async function startChild<Ready>(options: ChildOptions<Ready>): Promise<Child<Ready>> {
  const { name, file, settings, onLog, onEnd } = options;
  const child = fork(file, { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  let lastCall = 0;
  let serving = false;
  const gone = once(child, 'exit').then(() => undefined);

  for (const stream of [child.stdout, child.stderr]) {
    if (stream !== null) createInterface({ input: stream }).on('line', onLog);
  }
  child.on('message', (answer: ChildAnswer) => {
    const call = waiting.get(answer.id);
    waiting.delete(answer.id);
    if ('error' in answer) call?.reject(new Error(answer.error));
    else call?.resolve(answer.value);
  });
  child.on('exit', (code, signal) => {
    const message = `The ${name} process ended unexpectedly (${signal ?? `exit code ${code}`}).`;
    for (const call of waiting.values()) call.reject(new Error(message));
    waiting.clear();
    if (serving) onEnd(message);
  });

  const call: Child<Ready>['call'] = async (schema, method, ...parameters) => {
    lastCall += 1;
    const answer = Promise.withResolvers<unknown>();
    if (!child.connected) throw new Error(`The ${name} process does not run any more.`);
    waiting.set(lastCall, answer);
    const message: ChildCall = { id: lastCall, method, parameters };
    child.send(message);
    return schema.parse(await answer.promise);
  };
  const stop = async (graceMs = 2500): Promise<void> => {
    serving = false;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
    call(z.unknown(), 'stop').catch(() => child.kill('SIGKILL'));
    await gone;
    clearTimeout(timer);
  };

  try {
    const ready = await call(options.ready, 'start', settings);
    serving = true;
    return { processId: child.pid ?? 0, ready, call, stop };
  } catch (error) {
    await stop(0);
    throw error;
  }
}
