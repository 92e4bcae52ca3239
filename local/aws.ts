import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import dynalite from 'dynalite';
import { buildApp } from 'fauxqs';
import { listen } from './listen.ts';
import { startSecretsManager } from './secrets-manager.ts';
import { startSqsEmulator } from './sqs/sqs-emulator.ts';

/** Where each service of AWS answers. */
export interface AwsEndpoints {
  readonly s3: string;
  readonly sqs: string;
  readonly dynamodb: string;
  readonly secretsManager: string;
}

export interface Aws {
  readonly endpoints: AwsEndpoints;
  readonly close: () => Promise<void>;
}

/**
 * Starts the parts of AWS that nobody has given an address for, on loopback only.
 * @param given addresses from elsewhere, such as the SDK's own AWS_ENDPOINT_URL_* variables.
 * @param stateDirectory where queues outlive this process; without it everything is in memory.
 */
export async function startAws(
  region: string,
  given: Partial<AwsEndpoints> = {},
  stateDirectory?: string,
): Promise<Aws> {
  const closers: (() => Promise<void>)[] = [];
  if (stateDirectory !== undefined) await mkdir(stateDirectory, { recursive: true });
  const stateFile = (name: string): string | undefined =>
    stateDirectory === undefined ? undefined : join(stateDirectory, name);
  const startFauxqs = async (): Promise<string> => {
    const app = buildApp({ logger: false, defaultRegion: region });
    closers.push(async () => {
      await app.close();
    });
    return app.listen({ host: '127.0.0.1', port: 0 });
  };
  const startSqs = async (): Promise<string> => {
    const emulator = await startSqsEmulator({ region, stateFile: stateFile('queues.sqlite') });
    closers.push(emulator.close);
    return emulator.url;
  };
  const startDynalite = async (): Promise<string> => {
    const emulator = await listen(dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 }));
    closers.push(emulator.close);
    return emulator.url;
  };
  const startSecrets = async (): Promise<string> => {
    const emulator = await startSecretsManager(region);
    closers.push(emulator.close);
    return emulator.url;
  };

  const close = async (): Promise<void> => {
    await Promise.all(closers.map((closeOne) => closeOne()));
  };
  const unlessGiven = async (url: string | undefined, start: () => Promise<string>): Promise<string> =>
    url ?? start();
  const starting = [
    unlessGiven(given.s3, startFauxqs),
    unlessGiven(given.sqs, startSqs),
    unlessGiven(given.dynamodb, startDynalite),
    unlessGiven(given.secretsManager, startSecrets),
  ] as const;
  try {
    const [s3, sqs, dynamodb, secretsManager] = await Promise.all(starting);
    return { endpoints: { s3, sqs, dynamodb, secretsManager }, close };
  } catch (error) {
    await Promise.allSettled(starting);
    await close();
    throw error;
  }
}
