import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import dynalite from 'dynalite';
import { buildApp } from 'fauxqs';
import { addBucketNotifications } from './bucket-notifications.ts';
import { startEventBridge } from './event-bridge.ts';
import { addLargePuts } from './large-puts.ts';
import { listen } from './listen.ts';
import { startSecretsManager } from './secrets-manager.ts';
import { startSqsEmulator } from './sqs/sqs-emulator.ts';
import { lockFile } from './state/file-lock.ts';
import type { FileLock } from './state/file-lock.ts';
import { mendTables } from './state/mend-tables.ts';
import { fauxqsStores } from './state/s3-store.ts';
import { addTopicDeliveries } from './topic-deliveries.ts';

/** Where each service of AWS answers. */
export interface AwsEndpoints {
  readonly s3: string;
  readonly sqs: string;
  readonly dynamodb: string;
  readonly secretsManager: string;
  /** Topics deliver to the queues of `sqs`, and to others that answer at the same address as they do. */
  readonly sns: string;
  /** Always of the local stack. */
  readonly events: string;
}

export interface Aws {
  readonly endpoints: AwsEndpoints;
  readonly close: () => Promise<void>;
}

/** How long the process that used the same folder before may take to end. */
const predecessorMs = 5_000;

/**
 * Starts the parts of AWS that nobody has given an address for, on loopback only.
 * @param given addresses from elsewhere, such as the SDK's own AWS_ENDPOINT_URL_* variables.
 * @param stateDirectory keeps everything that was answered for when this process is killed (not when the machine
 *   itself loses its power: nothing waits for its disks). Without it all is in memory.
 * @throws {Error} when another process uses the folder
 */
export async function startAws(
  region: string,
  given: Partial<AwsEndpoints> = {},
  stateDirectory?: string,
): Promise<Aws> {
  const closers: (() => Promise<void>)[] = [];
  const lock = stateDirectory === undefined ? undefined : lockDirectory(stateDirectory);
  const kept = (name: string): string | undefined =>
    stateDirectory === undefined ? undefined : join(stateDirectory, name);
  const sqsUrl = Promise.withResolvers<string>();
  let fauxqs: Promise<string> | undefined;
  const startFauxqs = async (): Promise<string> => {
    const stores = await fauxqsStores(kept('objects'));
    const app = buildApp({ logger: false, defaultRegion: region, stores });
    addLargePuts(app);
    addBucketNotifications(app, region, () => sqsUrl.promise);
    await addTopicDeliveries(app, stores, region, () => sqsUrl.promise);
    closers.push(async () => {
      await app.close();
    });
    return app.listen({ host: '127.0.0.1', port: 0 });
  };
  const objectsAndTopics = (): Promise<string> => (fauxqs ??= startFauxqs());
  const startSqs = async (): Promise<string> => {
    const emulator = await startSqsEmulator({ region, stateFile: kept('queues.sqlite') });
    closers.push(emulator.close);
    return emulator.url;
  };
  const startDynalite = async (): Promise<string> => {
    const path = kept('table');
    if (path !== undefined) await mendTables(path);
    const immediate = { createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 };
    const emulator = await listen(dynalite({ ...immediate, ...(path !== undefined && { path }) }));
    closers.push(emulator.close);
    return emulator.url;
  };
  const startSecrets = async (): Promise<string> => {
    const emulator = await startSecretsManager(region, Date.now, kept('secrets.json'));
    closers.push(emulator.close);
    return emulator.url;
  };
  const startEvents = async (): Promise<string> => {
    const emulator = await startEventBridge(region, () => sqsUrl.promise);
    closers.push(emulator.close);
    return emulator.url;
  };

  const close = async (): Promise<void> => {
    await Promise.all(closers.map((closeOne) => closeOne()));
    lock?.release();
  };
  const unlessGiven = async (url: string | undefined, start: () => Promise<string>): Promise<string> =>
    url ?? start();
  const starting = [
    unlessGiven(given.s3, objectsAndTopics),
    unlessGiven(given.sqs, startSqs),
    unlessGiven(given.dynamodb, startDynalite),
    unlessGiven(given.secretsManager, startSecrets),
    unlessGiven(given.sns, objectsAndTopics),
    startEvents(),
  ] as const;
  try {
    const [s3, sqs, dynamodb, secretsManager, sns, events] = await Promise.all(starting);
    sqsUrl.resolve(sqs);
    return { endpoints: { s3, sqs, dynamodb, secretsManager, sns, events }, close };
  } catch (error) {
    await Promise.allSettled(starting);
    await close();
    throw error;
  }
}

function lockDirectory(directory: string): FileLock {
  mkdirSync(directory, { recursive: true });
  const lock = lockFile(join(directory, 'lock'), predecessorMs);
  if (lock === null) throw new Error(`${directory} is used by another process: name another folder.`);
  return lock;
}
