import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { handler } from '../../functions/plan-rows.ts';
import { resetServices } from '../../lib/services.ts';
import { call, functionEnvironment, stubEnvironment } from './invoke.ts';

const dynamodb = mockClient(DynamoDBDocumentClient);
const secrets = mockClient(SecretsManagerClient);
const rows = [{ type: 'asset.metadata', subject: 'a', data: { metadata: { description: 'b' } } }];
const signing = `whsec_${Buffer.from('a secret of these plans').toString('base64')}`;
const body = JSON.stringify({ source: 'demo', rows });

beforeEach(() => {
  dynamodb.reset();
  dynamodb.onAnyCommand().resolves({});
  secrets.reset();
  const secretOf = (name: string, value: unknown) =>
    secrets
      .on(GetSecretValueCommand, { SecretId: functionEnvironment[name] })
      .resolves({ SecretString: JSON.stringify(value) });
  secretOf('SOURCES_SECRET_ARN', {
    demo: { adapter: 'cloudevents', secrets: [signing] },
  });
  secretOf('SHOWPAD_SECRET_ARN', { token: 'personal' });
});
afterEach(async () => {
  await resetServices();
  vi.unstubAllEnvs();
});
afterAll(() => {
  dynamodb.restore();
  secrets.restore();
});

describe('a plan', () => {
  test('is refused while delivery is paused, and asks nobody for anything', async () => {
    stubEnvironment({ DELIVERY: 'paused' });
    expect(await call(handler, { body })).toMatchObject({ statusCode: 409 });
    expect(dynamodb.calls()).toEqual([]);
    expect(secrets.calls()).toEqual([]);
  });

  test('that Showpad cannot be asked for has to wait, and is no fault of the API, whose faults raise an alarm', async () => {
    stubEnvironment({ ALLOW_PRIVATE_SOURCES: 'true' });
    const answer = await call(handler, { body });
    expect(answer).toMatchObject({
      statusCode: 429,
      body: { detail: expect.stringContaining('Showpad could not be asked.') },
    });
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
  });
});
