import type { AwsEndpoints } from './aws.ts';
import type { ShowpadEmulator } from './showpad/showpad-emulator.ts';
import type { ExternalShowpad } from './stack-options.ts';
import type { Workers, WorkerSettings } from './workers.ts';

export interface ConnectedShowpad extends ExternalShowpad {
  /** Where the demo source's assets go when its events name no division. */
  readonly divisionId?: string | undefined;
}

/** The running parts of a stack, wherever they run. */
export interface Processes {
  readonly endpoints: AwsEndpoints;
  readonly showpad: ConnectedShowpad;
  readonly showpadEmulator: ShowpadEmulator | undefined;
  readonly startWorkers: (settings: WorkerSettings) => Promise<Workers>;
  readonly stop: () => Promise<void>;
}

export function connectedEmulator({ v4Url, v3Url, token, divisions }: ShowpadEmulator): ConnectedShowpad {
  return { v4Url, v3Url, credentials: { token }, divisionId: divisions[0]?.id };
}
