import {
  CreateSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  ResourceExistsException,
  ResourceNotFoundException,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Listening } from '../../local/listen.ts';
import { startSecretsManager } from '../../local/secrets-manager.ts';

let server: Listening;
let client: SecretsManagerClient;

beforeEach(async () => {
  server = await startSecretsManager('eu-west-1', () => 1_000_000);
  client = new SecretsManagerClient({
    region: 'eu-west-1',
    endpoint: server.url,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts: 1,
  });
});
afterEach(async () => {
  client.destroy();
  await server.close();
});

it('a secret is read by name and by ARN', async () => {
  const { ARN } = await client.send(
    new CreateSecretCommand({ Name: 'app/showpad', SecretString: '{"token":"t"}' }),
  );
  expect(ARN).toMatch(/^arn:aws:secretsmanager:eu-west-1:000000000000:secret:app\/showpad-\w{6}$/);
  for (const SecretId of ['app/showpad', ARN]) {
    expect(await client.send(new GetSecretValueCommand({ SecretId }))).toMatchObject({
      ARN,
      Name: 'app/showpad',
      SecretString: '{"token":"t"}',
      VersionStages: ['AWSCURRENT'],
      CreatedDate: new Date(1_000_000),
    });
  }
});

it('a new value replaces the current one, which stays readable as the previous one and by its version', async () => {
  const first = await client.send(new CreateSecretCommand({ Name: 'a', SecretString: 'one' }));
  await client.send(new PutSecretValueCommand({ SecretId: 'a', SecretString: 'two' }));
  const value = async (version: { VersionStage?: string; VersionId?: string | undefined }) =>
    (await client.send(new GetSecretValueCommand({ SecretId: 'a', ...version }))).SecretString;
  expect(await value({})).toBe('two');
  expect(await value({ VersionStage: 'AWSPREVIOUS' })).toBe('one');
  expect(await value({ VersionId: first.VersionId })).toBe('one');
});

it('mistakes get the errors of AWS', async () => {
  await client.send(new CreateSecretCommand({ Name: 'a', SecretString: 'one' }));
  await expect(client.send(new GetSecretValueCommand({ SecretId: 'b' }))).rejects.toBeInstanceOf(
    ResourceNotFoundException,
  );
  await expect(
    client.send(new GetSecretValueCommand({ SecretId: 'a', VersionStage: 'AWSPREVIOUS' })),
  ).rejects.toBeInstanceOf(ResourceNotFoundException);
  await expect(
    client.send(new CreateSecretCommand({ Name: 'a', SecretString: 'two' })),
  ).rejects.toBeInstanceOf(ResourceExistsException);
});

it('a secret in a file outlives the server, with its ARN and the value before', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'secrets-'));
  const onFile = async (): Promise<{ client: SecretsManagerClient; end: () => Promise<void> }> => {
    const kept = await startSecretsManager('eu-west-1', () => 1_000_000, join(directory, 'secrets.json'));
    const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
    const other = new SecretsManagerClient({ region: 'eu-west-1', endpoint: kept.url, credentials });
    return { client: other, end: () => kept.close().then(() => other.destroy()) };
  };
  const first = await onFile();
  const { ARN } = await first.client.send(new CreateSecretCommand({ Name: 'kept', SecretString: 'old' }));
  await first.client.send(new PutSecretValueCommand({ SecretId: 'kept', SecretString: 'new' }));
  await first.end();
  const next = await onFile();
  const read = (VersionStage: string) =>
    next.client.send(new GetSecretValueCommand({ SecretId: ARN, VersionStage }));
  expect(await read('AWSCURRENT')).toMatchObject({ ARN, Name: 'kept', SecretString: 'new' });
  expect(await read('AWSPREVIOUS')).toMatchObject({ SecretString: 'old' });
  await next.end();
  rmSync(directory, { recursive: true });
});
