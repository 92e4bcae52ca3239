import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics } from '@aws-lambda-powertools/metrics';
import { SecretsProvider } from '@aws-lambda-powertools/parameters/secrets';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { Dispatcher } from 'undici';
import { AssetBatches } from './asset-batches.ts';
import { Assets } from './assets.ts';
import { createAwsSockets, type AwsClient, type AwsSockets } from './aws-sockets.ts';
import { parseConfig, type Config } from './config.ts';
import { DeadLetterQueues } from './dead-letter-queues.ts';
import { DeliveryPause } from './delivery-pause.ts';
import { JobList } from './job-list.ts';
import { Jobs } from './jobs.ts';
import { Imports } from './manifest/imports.ts';
import { KnownSecrets } from './known-secrets.ts';
import { LineFormatter } from './line-formatter.ts';
import { MetricSheet } from './metric-sheet.ts';
import { OpenJobs } from './open-jobs.ts';
import { PaceItems } from './pace-items.ts';
import { ParkedPayloads } from './parked-payloads.ts';
import { PersonalUploads } from './personal-uploads.ts';
import { Queues } from './queues.ts';
import { awsCalls, s3Calls } from './retry-rules.ts';
import { ShowpadPace } from './showpad-pace.ts';
import type { ShowpadNames } from './showpad-names.ts';
import type { ShowpadClient } from './showpad/client.ts';
import { ShowpadTelemetry } from './showpad-telemetry.ts';
import { SourceAllowance } from './source-allowance.ts';
import { SourceCredentials } from './source-credentials.ts';
import { SourceRhythms } from './source-rhythms.ts';
import { SourceRoster } from './source-roster.ts';
import { SnsEndpoint } from './sns-endpoint.ts';
import { SourceRegistry } from './sources/source-registry.ts';
import type { StagedObject } from './staging.ts';
import { SweepState } from './sweep-state.ts';
import { Telemetry } from './telemetry.ts';
import { Timeline } from './timeline.ts';
import { TransferRates } from './transfer-rates.ts';

/** What the functions work with. Those that only some of them need are loaded when they are first asked for. */
export interface Services {
  readonly config: Config;
  readonly logger: Logger;
  readonly metrics: MetricSheet;
  readonly telemetry: Telemetry;
  readonly assets: Assets;
  readonly assetBatches: AssetBatches;
  readonly imports: Imports;
  readonly jobs: Jobs;
  readonly jobList: JobList;
  readonly openJobs: OpenJobs;
  readonly timeline: Timeline;
  readonly personalUploads: PersonalUploads;
  readonly parkedPayloads: ParkedPayloads;
  readonly transferRates: TransferRates;
  readonly pace: ShowpadPace;
  readonly queues: Queues;
  readonly deadLetterQueues: DeadLetterQueues;
  readonly sweepState: SweepState;
  readonly deliveryPause: DeliveryPause;
  readonly sources: SourceRegistry;
  readonly allowance: SourceAllowance;
  /** Asked for its certificates, and to confirm subscriptions. */
  readonly sns: SnsEndpoint;
  /** By which files are asked for from sources' own APIs. */
  readonly sourceCredentials: SourceCredentials;
  readonly roster: SourceRoster;
  readonly rhythms: SourceRhythms;
  /** Makes a client for a service of AWS that only one function talks to, with the limits of all. */
  readonly awsClient: <Client extends AwsClient>(make: (settings: AwsSettings) => Client) => Client;
  readonly staging: () => Promise<Omit<StagedObject, 'key'>>;
  /** Where manifests are put, files that they name by their key, and files that are content by being there. */
  readonly inbox: () => Promise<Omit<StagedObject, 'key'>>;
  readonly showpad: () => Promise<ShowpadClient>;
  readonly names: () => Promise<ShowpadNames>;
  /** Makes connections to sources; the caller closes it. */
  readonly sourceDispatcher: () => Promise<Dispatcher>;
  /** X-Ray's header of the invocation under way, if it is traced. */
  readonly xRayHeader: () => string | undefined;
  /** Leaves no pooled socket behind that a frozen container would find dead. */
  readonly endInvocation: () => Promise<void>;
}

/** The limits of time and the sockets that the clients of AWS share. */
type AwsSettings = typeof awsCalls & {
  readonly requestHandler: (typeof awsCalls)['requestHandler'] & AwsSockets;
};

const secretAgeSeconds = 300;
let services: Services | undefined;

/**
 * The services of this container, built by the first invocation that asks.
 * @throws {Error} when the environment is not usable; the next call tries again
 */
export function getServices(): Services {
  services ??= buildServices(process.env);
  return services;
}

/** Forgets the services, so that the next invocation builds them from the environment as it is then. */
export async function resetServices(): Promise<void> {
  const forgotten = services;
  services = undefined;
  await forgotten?.endInvocation();
}

function buildServices(environment: NodeJS.ProcessEnv): Services {
  const config = parseConfig(environment);
  const { keepFresh, ...agents } = createAwsSockets();
  const aws = { ...awsCalls, requestHandler: { ...awsCalls.requestHandler, ...agents } };
  const awsClient: Services['awsClient'] = (make) => {
    const client = make(aws);
    keepFresh(client);
    return client;
  };
  const dynamodb = awsClient((settings) => new DynamoDBClient(settings));
  const sqs = awsClient((settings) => new SQSClient(settings));
  const secretsManager = awsClient((settings) => new SecretsManagerClient(settings));
  const database = DynamoDBDocumentClient.from(dynamodb, {
    marshallOptions: { removeUndefinedValues: true },
  });
  const known = new KnownSecrets();
  const secrets = new SecretsProvider({ awsSdkV3Client: secretsManager });
  const readSecret = async (name: string, fresh = false): Promise<string> => {
    const value = await secrets.get(name, { maxAge: secretAgeSeconds, forceFetch: fresh });
    if (typeof value !== 'string') throw new Error('A secret is empty or binary; it must hold JSON text.');
    known.learn(value);
    return value;
  };

  // The last look at every line, whoever writes it.
  const jsonReplacerFn = (_key: string, value: unknown) =>
    typeof value === 'string' ? known.hide(value) : value;
  // Powertools takes Lambda's own level for ours; but Lambda's is DEBUG, so that it lets the metrics pass.
  delete environment['AWS_LAMBDA_LOG_LEVEL'];
  const logger = new Logger({ jsonReplacerFn, logFormatter: new LineFormatter() });
  const metrics = new MetricSheet(new Metrics({ singleMetric: false }));
  const timeline = new Timeline(database, config.TABLE_NAME);
  const telemetry = new Telemetry(logger, metrics, timeline);
  const showpadTelemetry = new ShowpadTelemetry(logger, metrics);
  const hosts = { v4: new URL(config.SHOWPAD_V4_URL).host, v3: new URL(config.SHOWPAD_V3_URL).host };
  const pace = new ShowpadPace(new PaceItems(database, config.TABLE_NAME, hosts), {
    most: config.SHOWPAD_REQUESTS_PER_SECOND,
    least: config.SHOWPAD_LEAST_REQUESTS_PER_SECOND,
    reservePercent: config.BUDGET_RESERVE_PERCENT,
    listener: showpadTelemetry,
  });
  const showpad = remembered(async () => {
    const { connectShowpad } = await import('./showpad-connection.ts');
    const readCredentials = () => readSecret(config.SHOWPAD_SECRET_ARN, true);
    return connectShowpad(config, readCredentials, database, showpadTelemetry, pace);
  });

  const staging = remembered(async () => {
    const { S3Client } = await import('@aws-sdk/client-s3');
    const { leavePayloadUnsigned } = await import('./unsigned-payload.ts');
    // An endpoint of one's own seldom has a host name for each bucket.
    const forcePathStyle = environment['AWS_ENDPOINT_URL_S3'] !== undefined;
    const client = new S3Client({
      ...s3Calls,
      requestHandler: { ...s3Calls.requestHandler, ...agents },
      forcePathStyle,
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
    });
    leavePayloadUnsigned(client);
    keepFresh(client);
    return { s3: client, bucket: config.STAGING_BUCKET };
  });

  return {
    config,
    logger,
    metrics,
    telemetry,
    timeline,
    assets: new Assets(database, config.TABLE_NAME),
    assetBatches: new AssetBatches(database, config.TABLE_NAME),
    imports: new Imports(database, config.TABLE_NAME),
    jobs: new Jobs(database, config.TABLE_NAME),
    jobList: new JobList(database, config.TABLE_NAME),
    openJobs: new OpenJobs(database, config.TABLE_NAME),
    personalUploads: new PersonalUploads(database, config.TABLE_NAME),
    parkedPayloads: new ParkedPayloads(database, config.TABLE_NAME),
    transferRates: new TransferRates(database, config.TABLE_NAME),
    pace,
    queues: new Queues(sqs, {
      stage: config.STAGE_QUEUE_URL,
      upload: config.UPLOAD_QUEUE_URL,
      metadata: config.METADATA_QUEUE_URL,
      poll: config.POLL_QUEUE_URL,
      personalUpload: config.PERSONAL_UPLOAD_QUEUE_URL,
      manifest: config.MANIFEST_QUEUE_URL,
      inbox: config.INBOX_QUEUE_URL,
      outcome: config.OUTCOME_QUEUE_URL,
      events: config.EVENTS_QUEUE_URL,
    }),
    deadLetterQueues: new DeadLetterQueues(sqs),
    sweepState: new SweepState(database, config.TABLE_NAME),
    deliveryPause: new DeliveryPause(database, config.TABLE_NAME, config.DELIVERY === 'paused'),
    allowance: new SourceAllowance(database, config.TABLE_NAME),
    sns: new SnsEndpoint(),
    roster: new SourceRoster(database, config.TABLE_NAME),
    rhythms: new SourceRhythms(database, config.TABLE_NAME),
    sources: new SourceRegistry(({ fresh }) => readSecret(config.SOURCES_SECRET_ARN, fresh)),
    sourceCredentials: new SourceCredentials(async () => {
      const arn = config.SOURCE_CREDENTIALS_SECRET_ARN;
      return arn === '' ? null : readSecret(arn, true);
    }),
    awsClient,
    showpad,
    names: remembered(async () => {
      const { ShowpadNames } = await import('./showpad-names.ts');
      return new ShowpadNames(await showpad());
    }),
    staging,
    inbox: async () => ({ ...(await staging()), bucket: config.INBOX_BUCKET }),
    sourceDispatcher: async () => {
      const { createDispatcher } = await import('./guarded-connector.ts');
      return createDispatcher({ allowPrivateAddresses: config.ALLOW_PRIVATE_SOURCES });
    },
    xRayHeader: () => environment['_X_AMZN_TRACE_ID'],
    endInvocation: async () => {
      if (showpad.isLoaded()) await (await showpad()).endInvocation();
    },
  };
}

/** Builds a thing once for all callers, and again after a failure. */
function remembered<T>(build: () => Promise<T>): (() => Promise<T>) & { isLoaded: () => boolean } {
  let built: Promise<T> | undefined;
  const get = (): Promise<T> => {
    built ??= build().catch((error: unknown) => {
      built = undefined;
      throw error;
    });
    return built;
  };
  return Object.assign(get, { isLoaded: () => built !== undefined });
}
