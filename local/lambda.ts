import { randomUUID } from 'node:crypto';
import type { Context } from 'aws-lambda';
import * as z from 'zod';

export type LambdaHandler = (event: unknown, context: Context) => unknown;

export interface LambdaFunction {
  readonly name: string;
  readonly handler: LambdaHandler;
  readonly timeoutSeconds: number;
  readonly memoryMebibytes: number;
}

export type InvocationResult =
  | { readonly ok: true; readonly payload: unknown }
  | {
      readonly ok: false;
      readonly errorType: string;
      readonly errorMessage: string;
      readonly stack?: string;
    };

/**
 * Stands around each invocation, and answers for it: with what `invoke` answers, or with something else, as when the
 * invocation was ended from outside.
 */
export type AroundInvocation = (
  functionName: string,
  event: unknown,
  invoke: () => Promise<InvocationResult>,
) => Promise<InvocationResult>;

/** What runs right now, and how much ever ran: two equal readings with nothing running prove that nothing ran between. */
export interface Activity {
  readonly running: number;
  readonly started: number;
}

export interface Lambda {
  /**
   * Runs one function as Lambda does: event and answer go through JSON, and at its timeout the invocation is over
   * and whatever it answers later is ignored. A failing function is an answer, never a rejection.
   */
  readonly invoke: (target: LambdaFunction, event: unknown) => Promise<InvocationResult>;
  readonly activity: () => Activity;
  /** Settles when no invocation is under way. */
  readonly idle: () => Promise<void>;
}

const handlerSchema = z.custom<LambdaHandler>((value) => typeof value === 'function');

/** Imports `exportName` of a function's module. */
export async function loadHandler(fileUrl: string, exportName: string): Promise<LambdaHandler> {
  const module: unknown = await import(fileUrl);
  const handler = z.looseObject({ [exportName]: handlerSchema }).safeParse({ ...Object(module) }).data?.[
    exportName
  ];
  if (handler === undefined) throw new Error(`${fileUrl} exports no function named ${exportName}.`);
  return handler;
}

export function createLambda(
  region: string,
  report: (line: string) => void,
  now: () => number = Date.now,
  around: AroundInvocation = (_functionName, _event, invoke) => invoke(),
): Lambda {
  let started = 0;
  let running = 0;
  let waiting: (() => void)[] = [];

  const finish = (): void => {
    running -= 1;
    if (running > 0) return;
    for (const resolve of waiting) resolve();
    waiting = [];
  };

  return {
    activity: () => ({ running, started }),
    idle: async () => {
      if (running > 0) await new Promise<void>((resolve) => waiting.push(resolve));
    },
    invoke: async (target, event) => {
      started += 1;
      running += 1;
      const deadline = now() + target.timeoutSeconds * 1000;
      const context = createContext(target, region, () => Math.max(0, deadline - now()));
      const timeUp = startTimeout(target.timeoutSeconds);
      try {
        const result = await Promise.race([
          around(target.name, event, () => run(target.handler, event, context)),
          timeUp.promise,
        ]);
        if (!result.ok) report(errorLine(result, context));
        return result;
      } finally {
        timeUp.cancel();
        finish();
      }
    },
  };
}

type Failure = Extract<InvocationResult, { ok: false }>;

async function run(handler: LambdaHandler, event: unknown, context: Context): Promise<InvocationResult> {
  try {
    const payload: unknown = await handler(throughJson(event), context);
    return { ok: true, payload: throughJson(payload) };
  } catch (error) {
    const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
    return { ok: false, errorType: name, errorMessage: message, ...(stack === undefined ? {} : { stack }) };
  }
}

function startTimeout(seconds: number): { promise: Promise<Failure>; cancel: () => void } {
  const { promise, resolve } = Promise.withResolvers<Failure>();
  const errorMessage = `Task timed out after ${seconds.toFixed(2)} seconds`;
  const timer = setTimeout(
    () => resolve({ ok: false, errorType: 'Sandbox.Timedout', errorMessage }),
    seconds * 1000,
  );
  return { promise, cancel: () => clearTimeout(timer) };
}

/** The line that Lambda's JSON log shows for an invocation that failed. */
function errorLine({ errorType, errorMessage, stack }: Failure, context: Context): string {
  return JSON.stringify({
    timestamp: new Date().toISOString(),
    level: 'ERROR',
    function_name: context.functionName,
    function_request_id: context.awsRequestId,
    message: `${errorType}: ${errorMessage}`,
    ...(stack === undefined ? {} : { stack }),
  });
}

function deprecated(): never {
  throw new Error('Handlers answer with a promise; done, fail and succeed do not exist any more.');
}

function createContext(target: LambdaFunction, region: string, remainingMs: () => number): Context {
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionName: target.name,
    functionVersion: '$LATEST',
    invokedFunctionArn: `arn:aws:lambda:${region}:000000000000:function:${target.name}`,
    memoryLimitInMB: String(target.memoryMebibytes),
    awsRequestId: randomUUID(),
    logGroupName: `/aws/lambda/${target.name}`,
    logStreamName: 'local',
    getRemainingTimeInMillis: remainingMs,
    done: deprecated,
    fail: deprecated,
    succeed: deprecated,
  };
}

/** Events and answers are JSON texts on their way; `undefined` arrives as null. */
function throughJson(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value ?? null));
}
