import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bundleFunctions, filesLoadedAtStart, functionNames, type Bundle } from '../../build.ts';
import { startSecretsManager } from '../../local/secrets-manager.ts';

const scratch = mkdtempSync(join(tmpdir(), 'build-'));
const dist = join(scratch, 'dist');
let bundles: readonly Bundle[] = [];

beforeAll(async () => {
  bundles = await bundleFunctions(dist);
}, 120_000);
afterAll(() => rmSync(scratch, { recursive: true }));

/** The packages and source files that a function loads before it can answer. */
function loadedAtStart(name: string): { sources: string[]; bytes: number } {
  const bundle = bundles.find((candidate) => candidate.name === name);
  if (bundle === undefined) throw new Error(`${name} was not built.`);
  const outputs = filesLoadedAtStart(bundle).map((file) => bundle.outputs[file]);
  const sources = outputs.flatMap((output) => Object.keys(output?.inputs ?? {}));
  return {
    sources: sources.map(
      (source) => /node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*node_modules)/.exec(source)?.[1] ?? source,
    ),
    bytes: outputs.reduce((sum, output) => sum + (output?.bytes ?? 0), 0),
  };
}

/** Runs a module in a Node process that knows nothing but the given environment. */
async function runModule(
  source: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<unknown> {
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', source], {
    cwd: scratch,
    env: environment,
  });
  return JSON.parse(stdout);
}

const filesOf = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));

describe('the build', () => {
  test('makes a bundle of every function, with a source map', () => {
    const files = filesOf(dist);
    for (const name of functionNames()) {
      expect(files).toContain(join(dist, name, `${name}.mjs`));
      expect(files).toContain(join(dist, name, `${name}.mjs.map`));
    }
  });

  test('gives the same bytes for the same sources', async () => {
    const again = join(scratch, 'again');
    await bundleFunctions(again, ['receive-event', 'upload-asset']);
    for (const file of filesOf(again)) {
      const first = readFileSync(join(dist, file.slice(again.length)));
      expect(readFileSync(file).equals(first), file).toBe(true);
    }
  });

  test('keeps the HTTP client and S3 out of what ingest loads before it can answer', () => {
    const { sources, bytes } = loadedAtStart('receive-event');
    expect(sources).toContain('@aws-sdk/client-sqs');
    expect(
      sources.filter((source) => ['undici', '@aws-sdk/client-s3', '@aws-sdk/lib-storage'].includes(source)),
    ).toEqual([]);
    expect(bytes).toBeLessThan(600 * 1024);
  });

  test('ships a client of SNS, and the schema of outcomes, with publish-outcome only', () => {
    const shipped = (part: string): string[] =>
      bundles
        .filter(({ outputs }) =>
          Object.values(outputs).some(({ inputs }) =>
            Object.keys(inputs).some((input) => input.includes(part)),
          ),
        )
        .map(({ name }) => name);
    expect(shipped('@aws-sdk/client-sns/')).toEqual(['publish-outcome']);
    expect(shipped('lib/outcome.ts')).toEqual(['publish-outcome']);
    const { sources } = loadedAtStart('publish-outcome');
    expect(sources.filter((source) => ['undici', '@aws-sdk/client-s3'].includes(source))).toEqual([]);
  });

  test('leaves the health check with nothing but itself', () => {
    const { sources, bytes } = loadedAtStart('get-health');
    expect(sources).toEqual(['functions/get-health.ts']);
    expect(bytes).toBeLessThan(2 * 1024);
  });
});

describe('what is shipped', () => {
  test('loads whole without node_modules, and every entry has its handler', async () => {
    const modules = filesOf(dist).filter((file) => file.endsWith('.mjs'));
    const handlers = await runModule(`
      const handlers = [];
      for (const file of ${JSON.stringify(modules)}) {
        const { handler } = await import(file);
        if (typeof handler === 'function') handlers.push(file);
      }
      process.stdout.write(JSON.stringify(handlers));
    `);
    expect(handlers).toEqual(
      expect.arrayContaining(functionNames().map((name) => join(dist, name, `${name}.mjs`))),
    );
  });

  test('answers: ingest reads its sources through the bundled SDK and refuses one it does not know', async () => {
    const secretsManager = await startSecretsManager('eu-west-1');
    const environment = {
      AWS_REGION: 'eu-west-1',
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
      AWS_ENDPOINT_URL_SECRETS_MANAGER: secretsManager.url,
      POWERTOOLS_LOG_LEVEL: 'SILENT',
      POWERTOOLS_METRICS_DISABLED: 'true',
      TABLE_NAME: 'table',
      STAGING_BUCKET: 'bucket',
      INBOX_BUCKET: 'inbox',
      STAGE_QUEUE_URL: 'http://127.0.0.1/stage',
      UPLOAD_QUEUE_URL: 'http://127.0.0.1/upload',
      METADATA_QUEUE_URL: 'http://127.0.0.1/metadata',
      POLL_QUEUE_URL: 'http://127.0.0.1/poll',
      PERSONAL_UPLOAD_QUEUE_URL: 'http://127.0.0.1/personal-upload',
      MANIFEST_QUEUE_URL: 'http://127.0.0.1/manifest',
      EVENTS_QUEUE_URL: 'http://127.0.0.1/events',
      INBOX_QUEUE_URL: 'http://127.0.0.1/inbox',
      OUTCOME_QUEUE_URL: 'http://127.0.0.1/outcome',
      OUTCOME_TOPIC_ARN: 'arn:aws:sns:eu-west-1:000000000000:outcome',
      ENVIRONMENT_NAME: 'test',
      SHOWPAD_REQUESTS_PER_SECOND: '50',
      SHOWPAD_LEAST_REQUESTS_PER_SECOND: '1',
      BUDGET_RESERVE_PERCENT: '10',
      SOURCES_SECRET_ARN: 'sources',
      SOURCE_CREDENTIALS_SECRET_ARN: '',
      SHOWPAD_SECRET_ARN: 'showpad',
      SHOWPAD_V4_URL: 'https://acme.api.showpad.com/v4',
      SHOWPAD_V3_URL: 'https://acme.showpad.biz/api/v3',
      PROCESSING_POLL_SECONDS: '30',
      TICKET_POLL_SECONDS: '30',
      PROCESSING_DEADLINE_SECONDS: '86400',
      SETTLE_SECONDS: '120',
      SOURCE_DEADLINE_SECONDS: '3600',
      MAX_FILE_BYTES: '1000',
      ALLOW_PRIVATE_SOURCES: 'false',
      DELIVERY: 'running',
    };
    const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
    const client = new SecretsManagerClient({
      region: 'eu-west-1',
      endpoint: secretsManager.url,
      credentials,
    });
    try {
      await client.send(new CreateSecretCommand({ Name: 'sources', SecretString: '{}' }));
      const answer = await runModule(
        `
        const { handler } = await import(${JSON.stringify(join(dist, 'receive-event/receive-event.mjs'))});
        const requestContext = { http: { method: 'POST' } };
        const event = { version: '2.0', rawPath: '/', rawQueryString: '', requestContext, headers: {}, pathParameters: { source: 'nobody' }, body: '{}' };
        const answer = await handler(event, { getRemainingTimeInMillis: () => 15000 });
        process.stdout.write(JSON.stringify(answer));
        `,
        environment,
      );
      expect(answer).toMatchObject({
        statusCode: 404,
        headers: { 'content-type': 'application/problem+json' },
      });
    } finally {
      client.destroy();
      await secretsManager.close();
    }
  });
});
