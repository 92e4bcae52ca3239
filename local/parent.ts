import type * as z from 'zod';

export interface ChildCall {
  readonly id: number;
  readonly method: string;
  readonly parameters: readonly unknown[];
}

export type ChildAnswer =
  { readonly id: number; readonly value: unknown } | { readonly id: number; readonly error: string };

type Method = (...parameters: readonly unknown[]) => unknown;

export interface Served {
  /** What the parent learns when everything answers; plain data. */
  readonly ready: unknown;
  readonly methods?: Readonly<Record<string, Method>>;
  readonly stop: () => Promise<void>;
}

/** How long a parent that got the same signal has to say what happens. */
const parentsTurnMs = 500;

/**
 * The child's side of a process of the local stack: starts when the parent says so, answers its calls, and never
 * outlives it, however the parent ends. Ctrl-C reaches the whole process group, so only the parent listens to it; a
 * SIGTERM may have reached the parent as well, which then goes first.
 */
export function serveParent<Settings>(
  settingsSchema: z.ZodType<Settings>,
  start: (settings: Settings) => Promise<Served>,
): void {
  let served: Served | undefined;
  let stopping = false;
  const methodNamed = (name: string): Method => {
    if (name === 'stop') return stop;
    const method = served?.methods?.[name];
    if (method === undefined) throw new Error(`There is no method ${name}.`);
    return method;
  };
  const stop = async (): Promise<void> => {
    stopping = true;
    await served?.stop();
    process.exit(0);
  };
  const answer = async ({ method, parameters }: ChildCall): Promise<unknown> => {
    if (method !== 'start') return methodNamed(method)(...parameters);
    served = await start(settingsSchema.parse(parameters[0]));
    return served.ready;
  };

  if (!process.connected) process.exit(0);
  process.on('disconnect', () => process.exit(0));
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => {
    setTimeout(() => {
      if (!stopping) process.exit(143);
    }, parentsTurnMs);
  });
  process.on('message', (call: ChildCall) => {
    answer(call).then(
      (value) => process.send?.({ id: call.id, value } satisfies ChildAnswer),
      (error: unknown) => {
        const message = error instanceof Error ? error.message : String(error);
        process.send?.({ id: call.id, error: message } satisfies ChildAnswer);
      },
    );
  });
}
