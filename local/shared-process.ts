import { startAws } from './aws.ts';
import { givenEndpoints } from './lambda-environment.ts';
import { connectedEmulator } from './processes.ts';
import type { ConnectedShowpad, Processes } from './processes.ts';
import { startShowpadEmulator } from './showpad/showpad-emulator.ts';
import type { ShowpadEmulator, ShowpadEmulatorOptions } from './showpad/showpad-emulator.ts';
import type { StackOptions } from './stack-options.ts';
import { statePlaces } from './state/state-directory.ts';
import { startWorkers } from './workers.ts';
import type { Workers } from './workers.ts';

/** Tests read results, not logs; their `environment` option can turn either on again. */
const quiet = { POWERTOOLS_LOG_LEVEL: 'SILENT', POWERTOOLS_METRICS_DISABLED: 'true' };

interface Emulated {
  readonly emulator: ShowpadEmulator;
  readonly connected: ConnectedShowpad;
}

/** Runs everything in this process. */
export async function startSharedProcess(region: string, options: StackOptions): Promise<Processes> {
  const { onLog = console.error, stateDirectory } = options;
  const places = stateDirectory === undefined ? undefined : statePlaces(stateDirectory);
  const external = options.showpad === 'emulator' ? undefined : options.showpad;
  const aws = await startAws(region, givenEndpoints(process.env), places?.aws);
  const showpad =
    external === undefined
      ? await emulated({
          ...options.showpadEmulator,
          ...(places && { stateFile: places.showpadFile }),
        }).catch(async (error: unknown) => {
          await aws.close();
          throw error;
        })
      : { emulator: undefined, connected: external };
  let workers: Workers | undefined;
  return {
    endpoints: aws.endpoints,
    showpad: showpad.connected,
    showpadEmulator: showpad.emulator,
    startWorkers: async (settings) => {
      const environment = { ...settings.environment, ...quiet, ...options.environment };
      workers = await startWorkers({ ...settings, environment }, onLog, options.aroundInvocation);
      return workers;
    },
    stop: async () => {
      await workers?.drain();
      await Promise.all([aws.close(), showpad.emulator?.close()]);
      await workers?.stop();
    },
  };
}

async function emulated(options: ShowpadEmulatorOptions): Promise<Emulated> {
  const emulator = await startShowpadEmulator(options);
  return { emulator, connected: connectedEmulator(emulator) };
}
