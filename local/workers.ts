import { SQSClient } from '@aws-sdk/client-sqs';
import { startEventSourceMapping } from './event-source-mapping.ts';
import type { EventSourceMapping } from './event-source-mapping.ts';
import type { FunctionDescription } from './functions.ts';
import { startHttpApi } from './http-api.ts';
import { applyEnvironment } from './lambda-environment.ts';
import { createLambda, loadHandler } from './lambda.ts';
import type { Activity, AroundInvocation, InvocationResult, LambdaFunction } from './lambda.ts';
import { startSchedules } from './schedule.ts';

export interface WorkerSettings {
  readonly functions: readonly FunctionDescription[];
  readonly environment: Readonly<Record<string, string>>;
  /** 0 takes any free port. */
  readonly port: number;
}

/** The functions with everything that invokes them: HTTP API, queues, schedules. */
export interface Workers {
  readonly apiUrl: string;
  readonly processIds: readonly number[];
  readonly activity: () => Promise<Activity>;
  readonly invoke: (functionName: string, event: unknown) => Promise<InvocationResult>;
  readonly pause: (functionName: string) => Promise<void>;
  readonly resume: (functionName: string) => Promise<void>;
  readonly redeliver: () => Promise<void>;
  /** Starts no more invocations and gives those under way a moment to end. */
  readonly drain: () => Promise<void>;
  /** Drains and ends everything. */
  readonly stop: () => Promise<void>;
}

const lastMomentMs = 1000;
let isRunning = false;

/**
 * Runs the functions in this process.
 * @param report takes one line for every failed invocation or poll.
 * @param around stands around each invocation.
 * @throws {Error} while another stack runs here: the functions share `process.env` and lib/services.ts.
 */
export async function startWorkers(
  { functions, environment, port }: WorkerSettings,
  report: (line: string) => void,
  around?: AroundInvocation,
): Promise<Workers> {
  if (isRunning) throw new Error('Another stack runs in this process. Stop it first.');
  isRunning = true;
  const restoreEnvironment = applyEnvironment(environment);
  const region = environment['AWS_REGION'] ?? '';
  const sqs = new SQSClient({});
  const lambda = createLambda(region, report, Date.now, around);
  const closers: (() => unknown)[] = [restoreEnvironment, () => sqs.destroy()];
  const closeAll = async (): Promise<void> => {
    for (const close of closers.toReversed()) await close();
    isRunning = false;
  };
  try {
    const { resetServices } = await import('../lib/services.ts');
    await resetServices();
    closers.push(resetServices);
    const loaded = await Promise.all(functions.map(load));
    const named = (functionName: string): LambdaFunction => {
      const target = loaded.find(({ name }) => name === functionName);
      if (target === undefined) throw new Error(`The template has no function ${functionName}.`);
      return target;
    };
    const invoke = async (functionName: string, event: unknown): Promise<InvocationResult> =>
      lambda.invoke(named(functionName), event);

    const api = await startHttpApi(
      functions.flatMap(({ routes }) => routes),
      invoke,
      port,
    );
    closers.push(api.close);
    const mappings = functions
      .flatMap((description) => description.mappings)
      .map((mapping) =>
        startEventSourceMapping(mapping, sqs, (event) => invoke(mapping.functionName, event), report),
      );
    const stopSchedules = startSchedules(
      functions.flatMap(({ schedules }) => schedules),
      region,
      invoke,
    );
    const mappingsOf = (functionName: string): EventSourceMapping[] =>
      mappings.filter((mapping) => mapping.functionName === named(functionName).name);
    let pausing: Promise<unknown> = Promise.resolve();
    const drain = async (): Promise<void> => {
      stopSchedules();
      pausing = Promise.all(mappings.map((mapping) => mapping.pause()));
      await withinLastMoment(Promise.all([lambda.idle(), ...mappings.map((mapping) => mapping.idle())]));
    };

    return {
      apiUrl: api.url,
      processIds: [process.pid],
      activity: () => Promise.resolve(lambda.activity()),
      invoke,
      pause: async (functionName) => {
        await Promise.all(mappingsOf(functionName).map((mapping) => mapping.pause()));
      },
      resume: async (functionName) => {
        for (const mapping of mappingsOf(functionName)) mapping.resume();
        return Promise.resolve();
      },
      redeliver: async () => {
        await Promise.all(mappings.map((mapping) => mapping.redeliver()));
      },
      drain,
      stop: async () => {
        await drain();
        await pausing;
        await closeAll();
      },
    };
  } catch (error) {
    await closeAll();
    throw error;
  }
}

async function load({ name, fileUrl, exportName, ...limits }: FunctionDescription): Promise<LambdaFunction> {
  return { name, handler: await loadHandler(fileUrl, exportName), ...limits };
}

async function withinLastMoment(promise: Promise<unknown>): Promise<void> {
  const { promise: over, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, lastMomentMs);
  await Promise.race([promise, over]);
  clearTimeout(timer);
}
