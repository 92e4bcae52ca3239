import { createHash, createHmac } from 'node:crypto';
import { SQSClient } from '@aws-sdk/client-sqs';
import { SignatureV4 } from '@smithy/signature-v4';
import type { ApiRequest, SignRequest } from './api-request.ts';
import { ReaderError } from './reader-error.ts';

type Environment = Readonly<Record<string, string | undefined>>;
type Data = string | ArrayBuffer | ArrayBufferView;
type Credentials = ConstructorParameters<typeof SignatureV4>[0]['credentials'];

/**
 * Signs requests to an API Gateway with AWS credentials, found as every AWS tool finds them.
 * @throws ReaderError when the region can be told neither by the address nor by AWS_REGION
 */
export function createSigner(
  base: URL,
  environment: Environment,
  credentials: Credentials = new SQSClient({ region: regionOf(base, environment) }).config.credentials,
): SignRequest {
  const region = regionOf(base, environment);
  const signer = new SignatureV4({ service: 'execute-api', region, credentials, sha256: Sha256 });
  return async (request: ApiRequest) => {
    const { method, url, headers, body } = request;
    const { hostname, pathname, host, searchParams } = url;
    try {
      const signed = await signer.sign({
        method,
        protocol: url.protocol,
        hostname,
        path: pathname,
        query: Object.fromEntries(searchParams),
        headers: { ...headers, host },
        ...(body !== undefined && { body }),
      });
      return { method, url, headers: signed.headers, body };
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new ReaderError(`The request could not be signed with AWS credentials. ${why}`, 2);
    }
  };
}

function regionOf({ hostname }: URL, environment: Environment): string {
  const [, told] = /\.execute-api\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?$/.exec(hostname) ?? [];
  // An empty variable counts as not set.
  const region = told ?? (environment['AWS_REGION'] || environment['AWS_DEFAULT_REGION']);
  if (region) return region;
  throw new ReaderError('Which region? Set AWS_REGION to that of the deployed stack.', 2);
}

/** The hash that the signer works with, or with a secret the keyed one. */
class Sha256 {
  readonly #secret: Data | undefined;
  #chunks: Buffer[] = [];

  constructor(secret?: Data) {
    this.#secret = secret;
  }

  update(data: Data): void {
    this.#chunks.push(bytesOf(data));
  }

  digest(): Promise<Uint8Array> {
    const hash =
      this.#secret === undefined ? createHash('sha256') : createHmac('sha256', bytesOf(this.#secret));
    return Promise.resolve(hash.update(Buffer.concat(this.#chunks)).digest());
  }

  reset(): void {
    this.#chunks = [];
  }
}

function bytesOf(data: Data): Buffer {
  if (typeof data === 'string') return Buffer.from(data);
  return ArrayBuffer.isView(data)
    ? Buffer.from(data.buffer, data.byteOffset, data.byteLength)
    : Buffer.from(data);
}
