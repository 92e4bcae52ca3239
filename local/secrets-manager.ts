import { randomBytes, randomUUID } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { json } from 'node:stream/consumers';
import * as z from 'zod';
import { listen } from './listen.ts';
import type { Listening } from './listen.ts';

const secretsSchema = z.array(
  z.object({
    arn: z.string(),
    name: z.string(),
    /** Newest first. */
    versions: z.array(z.object({ id: z.string(), secretString: z.string(), createdDate: z.number() })),
  }),
);
type Secret = z.output<typeof secretsSchema>[number];

const requestSchema = z.looseObject({
  Name: z.string().optional(),
  SecretId: z.string().optional(),
  SecretString: z.string().optional(),
  VersionId: z.string().optional(),
  VersionStage: z.enum(['AWSCURRENT', 'AWSPREVIOUS']).optional(),
});
type Request = z.output<typeof requestSchema>;

class SecretsManagerError extends Error {
  override readonly name: string;
  constructor(name: string, message: string) {
    super(message);
    this.name = name;
  }
}

/**
 * A Secrets Manager of our own: CreateSecret, PutSecretValue and GetSecretValue in the AWS JSON 1.1 protocol,
 * so that the functions read their secrets through the real SDK.
 * https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html
 * @param file keeps the secrets when the process ends; without it they are in memory only.
 */
export async function startSecretsManager(
  region: string,
  now: () => number = Date.now,
  file?: string,
): Promise<Listening> {
  const isKept = file !== undefined && existsSync(file);
  const secrets: Secret[] = isKept ? secretsSchema.parse(JSON.parse(readFileSync(file, 'utf8'))) : [];
  const keep = (): void => {
    if (file === undefined) return;
    writeFileSync(`${file}.tmp`, JSON.stringify(secrets), { mode: 0o600 });
    // In one step: whoever is killed leaves the old secrets or the new ones.
    renameSync(`${file}.tmp`, file);
  };

  const find = (id: string | undefined): Secret => {
    const secret = secrets.find(({ arn, name }) => id === arn || id === name);
    if (secret === undefined) {
      throw new SecretsManagerError(
        'ResourceNotFoundException',
        "Secrets Manager can't find the specified secret.",
      );
    }
    return secret;
  };
  const addVersion = (secret: Secret, secretString: string | undefined): Record<string, unknown> => {
    if (secretString === undefined) {
      throw new SecretsManagerError(
        'InvalidRequestException',
        'The local Secrets Manager needs SecretString.',
      );
    }
    const version = { id: randomUUID(), secretString, createdDate: now() / 1000 };
    secret.versions.unshift(version);
    return { ARN: secret.arn, Name: secret.name, VersionId: version.id };
  };
  const operations: Record<string, (request: Request) => Record<string, unknown>> = {
    CreateSecret: ({ Name: name, SecretString: secretString }) => {
      if (name === undefined) throw new SecretsManagerError('InvalidParameterException', 'Name is required.');
      if (secrets.some((secret) => secret.name === name)) {
        throw new SecretsManagerError('ResourceExistsException', `The secret ${name} already exists.`);
      }
      const suffix = randomBytes(3).toString('hex');
      const arn = `arn:aws:secretsmanager:${region}:000000000000:secret:${name}-${suffix}`;
      const secret: Secret = { arn, name, versions: [] };
      const answer = addVersion(secret, secretString);
      secrets.push(secret);
      return answer;
    },
    PutSecretValue: ({ SecretId, SecretString }) => addVersion(find(SecretId), SecretString),
    GetSecretValue: ({ SecretId, VersionId, VersionStage }) => {
      const secret = find(SecretId);
      const index =
        VersionId === undefined
          ? Number(VersionStage === 'AWSPREVIOUS')
          : secret.versions.findIndex(({ id }) => id === VersionId);
      const version = secret.versions[index];
      if (version === undefined) {
        throw new SecretsManagerError(
          'ResourceNotFoundException',
          "Secrets Manager can't find that version.",
        );
      }
      return {
        ARN: secret.arn,
        Name: secret.name,
        VersionId: version.id,
        SecretString: version.secretString,
        VersionStages: index === 0 ? ['AWSCURRENT'] : index === 1 ? ['AWSPREVIOUS'] : [],
        CreatedDate: version.createdDate,
      };
    },
  };

  const answer = async (request: IncomingMessage): Promise<Record<string, unknown>> => {
    const target = String(request.headers['x-amz-target']).replace('secretsmanager.', '');
    const operation = Object.hasOwn(operations, target) ? operations[target] : undefined;
    if (operation === undefined) {
      throw new SecretsManagerError('UnknownOperationException', `${target} is not known here.`);
    }
    const parsed = requestSchema.safeParse(await json(request));
    if (!parsed.success)
      throw new SecretsManagerError('InvalidParameterException', z.prettifyError(parsed.error));
    const done = operation(parsed.data);
    if (target !== 'GetSecretValue') keep();
    return done;
  };

  return listen(
    createServer((request, response) => {
      const reply = (status: number, body: Record<string, unknown>): void => {
        response
          .writeHead(status, { 'content-type': 'application/x-amz-json-1.1' })
          .end(JSON.stringify(body));
      };
      answer(request).then(
        (body) => reply(200, body),
        (error: unknown) => {
          const { name, message } = error instanceof Error ? error : new Error(String(error));
          const known = error instanceof SecretsManagerError;
          reply(400, { __type: known ? name : 'SerializationException', message });
        },
      );
    }),
  );
}
