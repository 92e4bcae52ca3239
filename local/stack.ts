import { fileURLToPath } from 'node:url';
import { awsClients } from './aws-clients.ts';
import type { AwsClients } from './aws-clients.ts';
import type { AwsEndpoints } from './aws.ts';
import { createBuses } from './create-buses.ts';
import { describeFunctions, sharedEnvironment } from './functions.ts';
import { givenEndpoints, lambdaEnvironment, stackRegion } from './lambda-environment.ts';
import type { InvocationResult } from './lambda.ts';
import { startOwnProcesses } from './own-processes.ts';
import { countMessages, readDeadLetters } from './queue-state.ts';
import type { DeadLetter, QueueCounts } from './queue-state.ts';
import type { Processes } from './processes.ts';
import { createResources, putSecret, readSecret } from './resources.ts';
import type { Resources } from './resources.ts';
import { settled } from './settled.ts';
import { startSharedProcess } from './shared-process.ts';
import type { ShowpadEmulator } from './showpad/showpad-emulator.ts';
import { demoSource, sourcesSchema } from './sources.ts';
import type { Sources } from './sources.ts';
import type { StackOptions } from './stack-options.ts';
import { endLeases } from './state/end-leases.ts';
import { openStateDirectory } from './state/state-directory.ts';
import type { StateDirectory } from './state/state-directory.ts';
import { readTemplate } from './template.ts';
import type { StackDescription } from './template.ts';
import type { Workers } from './workers.ts';

export interface Stack {
  readonly apiUrl: string;
  readonly aws: AwsEndpoints;
  readonly clients: AwsClients;
  /** `token` signs in to the emulator; there is none for a Showpad that runs elsewhere. */
  readonly showpad: { readonly v4Url: string; readonly v3Url: string; readonly token: string | undefined };
  /** The emulator itself, when it runs in this process. */
  readonly showpadEmulator: ShowpadEmulator | undefined;
  readonly sources: Readonly<Record<string, { readonly secret: string }>>;
  /** `staging` for StagingBucket, and so on → name. */
  readonly buckets: Readonly<Record<string, string>>;
  /** `stage` for StageQueue, `stageDeadLetter` for StageDeadLetterQueue, and so on → URL. */
  readonly queues: Readonly<Record<string, string>>;
  /** `outcome` for OutcomeTopic, and so on → ARN. */
  readonly topics: Readonly<Record<string, string>>;
  readonly tableName: string;
  /** The folder that keeps everything over a kill; without one all is temporary. */
  readonly stateDirectory: string | undefined;
  readonly workerPids: readonly number[];
  /**
   * Settles when every queue but the dead-letter queues is empty and no invocation is under way.
   * @throws {Error} after `timeoutMs` (30,000 by default), saying what was left.
   */
  readonly settled: (timeoutMs?: number) => Promise<void>;
  readonly queueCounts: () => Promise<Readonly<Record<string, QueueCounts>>>;
  readonly deadLetters: () => Promise<DeadLetter[]>;
  /** Invokes a function, for example `receive-event`, with an event of the caller's making. */
  readonly invoke: (functionName: string, event: unknown) => Promise<InvocationResult>;
  /** Stops delivering messages to a function; once settled, no invocation of it starts. */
  readonly pause: (functionName: string) => Promise<void>;
  readonly resume: (functionName: string) => Promise<void>;
  /** Makes the messages whose handling failed visible at once, instead of after their visibility timeout. */
  readonly redeliver: () => Promise<void>;
  /** Ends everything; calling it again changes nothing. */
  readonly stop: () => Promise<void>;
}

const sourcesSecret = 'showpad-connector/sources';
const credentialsSecret = 'showpad-connector/source-credentials';
const projectFile = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));

/**
 * Runs template.yaml on this machine: queues, buckets, table and secrets in emulators (or where the SDK's own
 * AWS_ENDPOINT_URL_* variables point), every function from its source and through its real event.
 * @throws {Error} that says what to do when the template, a parameter, a function or a port is not usable; nothing
 * is left running then.
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const state = options.stateDirectory === undefined ? undefined : openStateDirectory(options.stateDirectory);
  try {
    return await startOn(state, options);
  } catch (error) {
    state?.release();
    throw error;
  }
}

async function startOn(state: StateDirectory | undefined, options: StackOptions): Promise<Stack> {
  const region = stackRegion(process.env);
  const parts = await (options.processes === 'shared' ? startSharedProcess : startOwnProcesses)(
    region,
    options,
  );
  try {
    const { endpoints, showpad } = parts;
    const runtime = lambdaEnvironment(region, endpoints, process.env);
    const clients = awsClients(endpoints, runtime);
    const sources =
      options.sources ?? (state && (await keptSources(clients))) ?? demoSource(showpad.divisionId);
    const [showpadSecretArn, sourcesSecretArn, sourceCredentialsSecretArn] = await Promise.all([
      putSecret(clients, 'showpad-connector/showpad', showpad.credentials),
      putSecret(clients, sourcesSecret, sources),
      options.sourceCredentials && putSecret(clients, credentialsSecret, options.sourceCredentials),
    ]);
    const parameters = {
      AllowPrivateSources: 'true',
      ShowpadV4Url: showpad.v4Url,
      ShowpadV3Url: showpad.v3Url,
      ShowpadSecretArn: showpadSecretArn,
      SourcesSecretArn: sourcesSecretArn,
      ...(sourceCredentialsSecretArn !== undefined && {
        SourceCredentialsSecretArn: sourceCredentialsSecretArn,
      }),
      ...options.parameters,
    };
    const template = readTemplate(options.templateFile ?? projectFile('template.yaml'), parameters, region);
    const resources = await createResources(template, clients);
    if (state !== undefined && givenEndpoints(process.env).dynamodb === undefined) {
      for (const name of Object.values(resources.tables)) await endLeases(clients.dynamodb, name);
    }
    const description = template.describe(resources);
    await createBuses(description, endpoints.events);
    const functionsDirectory = options.functionsDirectory ?? projectFile('functions');
    const functions = describeFunctions(
      description,
      resources.queues,
      functionsDirectory,
      options.longestBatchingSeconds,
    );
    const environment = { ...runtime, ...sharedEnvironment(description), ...options.environment };
    const workers = await parts.startWorkers({ functions, environment, port: options.port ?? 0 });

    const isEmulated = options.showpad === undefined || options.showpad === 'emulator';
    const showpadToken = isEmulated && 'token' in showpad.credentials ? showpad.credentials.token : undefined;
    return stackOf({ parts, state, showpadToken, workers, clients, sources, resources, description });
  } catch (error) {
    await parts.stop();
    throw error;
  }
}

interface Running {
  readonly parts: Processes;
  readonly state: StateDirectory | undefined;
  readonly showpadToken: string | undefined;
  readonly workers: Workers;
  readonly clients: AwsClients;
  readonly sources: Sources;
  readonly resources: Resources;
  readonly description: StackDescription;
}

function stackOf(running: Running): Stack {
  const { parts, state, showpadToken, workers, clients, sources, resources, description } = running;
  const deadLetterArns = new Set(
    description.queues.map(({ properties }) => properties.RedrivePolicy?.deadLetterTargetArn),
  );
  const deadLetterQueues = resources.queues.filter(({ arn }) => deadLetterArns.has(arn));
  const workQueues = resources.queues.filter(({ arn }) => !deadLetterArns.has(arn));
  let stopped: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    await parts.stop();
    clients.destroy();
    state?.release();
  };
  return {
    apiUrl: workers.apiUrl,
    aws: parts.endpoints,
    clients,
    showpad: { v4Url: parts.showpad.v4Url, v3Url: parts.showpad.v3Url, token: showpadToken },
    showpadEmulator: parts.showpadEmulator,
    sources: Object.fromEntries(
      Object.entries(sources).map(([name, { secrets }]) => [name, { secret: secrets[0] ?? '' }]),
    ),
    buckets: Object.fromEntries(
      Object.entries(resources.buckets).map(([logicalId, name]) => [shortName(logicalId, 'Bucket'), name]),
    ),
    queues: Object.fromEntries(
      resources.queues.map(({ logicalId, url }) => [shortName(logicalId, 'Queue'), url]),
    ),
    topics: Object.fromEntries(
      Object.entries(resources.topics).map(([logicalId, arn]) => [shortName(logicalId, 'Topic'), arn]),
    ),
    tableName: Object.values(resources.tables)[0] ?? '',
    stateDirectory: state?.path,
    workerPids: workers.processIds,
    settled: (timeoutMs = 30_000) => settled(clients.sqs, workQueues, workers.activity, timeoutMs),
    queueCounts: async () => {
      const counts = resources.queues.map(
        async (queue) =>
          [shortName(queue.logicalId, 'Queue'), await countMessages(clients.sqs, queue)] as const,
      );
      return Object.fromEntries(await Promise.all(counts));
    },
    deadLetters: async () =>
      (await Promise.all(deadLetterQueues.map((queue) => readDeadLetters(clients.sqs, queue)))).flat(),
    invoke: workers.invoke,
    pause: workers.pause,
    resume: workers.resume,
    redeliver: workers.redeliver,
    stop: () => (stopped ??= stop()),
  };
}

/** The sources of an earlier run, so that whoever signs with a secret of theirs can go on. */
async function keptSources(clients: AwsClients): Promise<Sources | undefined> {
  return sourcesSchema.safeParse(await readSecret(clients, sourcesSecret)).data;
}

/** `StageDeadLetterQueue` without `Queue` → `stageDeadLetter`. */
function shortName(logicalId: string, suffix: string): string {
  const name = logicalId.endsWith(suffix) ? logicalId.slice(0, -suffix.length) : logicalId;
  return name.slice(0, 1).toLowerCase() + name.slice(1);
}
