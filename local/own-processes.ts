import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import type { AwsEndpoints } from './aws.ts';
import type { AwsProcessSettings } from './aws-process.ts';
import { startChild, trusted } from './child.ts';
import type { Child } from './child.ts';
import { givenEndpoints } from './lambda-environment.ts';
import type { Activity, InvocationResult } from './lambda.ts';
import { listen } from './listen.ts';
import type { ConnectedShowpad, Processes } from './processes.ts';
import type { StackOptions } from './stack-options.ts';
import { statePlaces } from './state/state-directory.ts';
import type { Workers } from './workers.ts';

type ReadyWorkers = Pick<Workers, 'apiUrl' | 'processIds'>;

/**
 * Runs emulators, Showpad and workers in processes of their own, which end with this one.
 * @throws {Error} at once when the port is taken, not only after everything else has started.
 */
export async function startOwnProcesses(region: string, options: StackOptions): Promise<Processes> {
  const { onLog = console.log, onCrash = console.error, port = 0, stateDirectory } = options;
  const places = stateDirectory === undefined ? undefined : statePlaces(stateDirectory);
  await (await listen(createServer(), port)).close();
  const children: Pick<Child<unknown>, 'stop'>[] = [];
  const start = async <Ready>(name: string, settings: unknown): Promise<Child<Ready>> => {
    const file = fileURLToPath(new URL(`${name}-process.ts`, import.meta.url));
    const child = await startChild({ name, file, settings, ready: trusted<Ready>(), onLog, onEnd: onCrash });
    children.push(child);
    return child;
  };
  const startShowpad = async (): Promise<ConnectedShowpad> => {
    if (options.showpad !== undefined && options.showpad !== 'emulator') return options.showpad;
    const emulator = { ...options.showpadEmulator, ...(places && { stateFile: places.showpadFile }) };
    return (await start<ConnectedShowpad>('showpad', emulator)).ready;
  };
  const stop = async (): Promise<void> => {
    for (const child of children.toReversed()) await child.stop();
  };

  const emulators = [
    start<AwsEndpoints>('aws', {
      region,
      given: givenEndpoints(process.env),
      stateDirectory: places?.aws,
    } satisfies AwsProcessSettings),
    startShowpad(),
  ] as const;
  try {
    const [aws, showpad] = await Promise.all(emulators);
    return {
      endpoints: aws.ready,
      showpad,
      showpadEmulator: undefined,
      startWorkers: async (settings) => remoteWorkers(await start<ReadyWorkers>('workers', settings)),
      stop,
    };
  } catch (error) {
    await Promise.allSettled(emulators);
    await stop();
    throw error;
  }
}

function remoteWorkers({ ready, call, stop }: Child<ReadyWorkers>): Workers {
  const tell = (method: string) => (functionName: string) => call(z.undefined(), method, functionName);
  return {
    ...ready,
    activity: () => call(trusted<Activity>(), 'activity'),
    invoke: (functionName, event) => call(trusted<InvocationResult>(), 'invoke', functionName, event),
    pause: tell('pause'),
    resume: tell('resume'),
    redeliver: () => call(z.undefined(), 'redeliver'),
    drain: () => call(z.undefined(), 'drain'),
    stop,
  };
}
