import dynalite from 'dynalite';
import { buildApp } from 'fauxqs';
import { listen } from './listen.ts';
import { startSecretsManager } from './secrets-manager.ts';

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
 * Starts the parts of AWS that nobody has given an address for, in memory and on loopback only.
 * @param given addresses from elsewhere, such as the SDK's own AWS_ENDPOINT_URL_* variables.
 */
export async function startAws(region: string, given: Partial<AwsEndpoints> = {}): Promise<Aws> {
  const closers: (() => Promise<void>)[] = [];
  const startFauxqs = async (): Promise<string> => {
    const app = buildApp({ logger: false, defaultRegion: region });
    closers.push(async () => {
      await app.close();
    });
    return app.listen({ host: '127.0.0.1', port: 0 });
  };
  const startDynalite = async (): Promise<string> => {
    const { url, close } = await listen(dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 }));
    closers.push(close);
    return url;
  };
  const startSecrets = async (): Promise<string> => {
    const { url, close } = await startSecretsManager(region);
    closers.push(close);
    return url;
  };

  const fauxqs = given.s3 === undefined || given.sqs === undefined ? startFauxqs() : Promise.resolve('');
  const [objectsAndQueues, dynamodb, secretsManager] = await Promise.all([
    fauxqs,
    given.dynamodb ?? startDynalite(),
    given.secretsManager ?? startSecrets(),
  ]);
  return {
    endpoints: {
      s3: given.s3 ?? objectsAndQueues,
      sqs: given.sqs ?? objectsAndQueues,
      dynamodb,
      secretsManager,
    },
    close: async () => {
      await Promise.all(closers.map((close) => close()));
    },
  };
}
