import {
  CreateSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  ResourceExistsException,
  ResourceNotFoundException,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
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
