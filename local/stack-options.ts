import type { Credentials } from '../lib/showpad/credentials.ts';
import type { AroundInvocation } from './lambda.ts';
import type { ShowpadEmulatorOptions } from './showpad/showpad-emulator.ts';
import type { Sources } from './sources.ts';

/** A Showpad that runs elsewhere; `credentials` is the JSON of the deployed secret. */
export interface ExternalShowpad {
  readonly v4Url: string;
  readonly v3Url: string;
  readonly credentials: Credentials;
}

export interface StackOptions {
  /** `own`: emulators, Showpad and workers in processes of their own. `shared`: everything in this one. */
  readonly processes: 'own' | 'shared';
  /** Port of the HTTP API; 0, the default, takes any free one. */
  readonly port?: number;
  /** Values for the template's parameters, over its defaults. */
  readonly parameters?: Readonly<Record<string, string>>;
  readonly showpad?: ExternalShowpad | 'emulator';
  readonly showpadEmulator?: ShowpadEmulatorOptions;
  /** The JSON of the deployed secret; by default one source `demo` with a fresh secret. */
  readonly sources?: Sources;
  /** The JSON of the deployed secret by which files are asked for from sources' own APIs. */
  readonly sourceCredentials?: Readonly<Record<string, unknown>>;
  /** More environment variables for the functions, over the template's. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Takes what the functions print, line by line (`own`), and a line for every failed invocation (both). */
  readonly onLog?: (line: string) => void;
  /** A process that ended although nobody stopped it (`own`); the stack cannot be used any more. */
  readonly onCrash?: (message: string) => void;
  /** Stands around each invocation (`shared`), for tests that watch what it does or end it half-way. */
  readonly aroundInvocation?: AroundInvocation;
  /** Ends batching windows of the template that are longer, for those who do not want to wait; part of a second too. */
  readonly longestBatchingSeconds?: number;
  /** A folder that keeps queues, objects, table, secrets and the Showpad emulator over a kill of everything. */
  readonly stateDirectory?: string;
  readonly templateFile?: string;
  readonly functionsDirectory?: string;
}
