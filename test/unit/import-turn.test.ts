import { Readable } from 'node:stream';
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { BatchWriteCommand } from '@aws-sdk/lib-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { jobKey } from '../../lib/jobs.ts';
import { runTurn } from '../../lib/manifest/import-turn.ts';
import type { Import } from '../../lib/manifest/imports.ts';
import { getServices, resetServices } from '../../lib/services.ts';
import { parseSources } from '../../lib/sources/source-list.ts';
import { useEmbeddedTable } from './embedded-table.ts';
import { stubEnvironment } from './invoke.ts';

const table = useEmbeddedTable();
const mockAws = () => ({ s3: mockClient(S3Client), sqs: mockClient(SQSClient) });
let aws: ReturnType<typeof mockAws>;
const most = 1_000;
const opened = Array.from({ length: most }, (_, index) => `job_open-${index}`);
const rows = Array.from({ length: 300 }, (_, index) => ({
  subject: `row-${index}`,
  link: `https://example.com/${index}`,
}));
const record: Import = {
  id: 'imp_1',
  source: 'demo',
  key: 'manifests/demo/library.jsonl',
  format: 'jsonl',
  etag: 'version',
  skipInvalid: false,
  state: 'running',
  createdAt: '2026-01-01T00:00:00.000Z',
  updatedAt: '2026-01-01T00:00:00.000Z',
  turn: 1,
  rows: rows.length,
  invalidRows: 0,
  faults: [],
  faultCount: 0,
  slices: 0,
  open: [],
  counts: { unchanged: 0, done: 0, failed: 0, superseded: 0 },
  quietTurns: 0,
  error: null,
};

beforeAll(async () => {
  const { database, tableName } = table();
  const items = opened.map((id) => ({
    PutRequest: { Item: { ...jobKey(id), state: 'uploading', phase: 'open', expiresAt: 4_000_000_000 } },
  }));
  for (let start = 0; start < items.length; start += 25) {
    const some = items.slice(start, start + 25);
    await database.send(new BatchWriteCommand({ RequestItems: { [tableName]: some } }));
  }
  // The table was made by the clients that are mocked now.
  aws = mockAws();
});
beforeEach(() => {
  stubEnvironment({ ...table().environment, TABLE_NAME: table().tableName });
  aws.sqs.on(SendMessageCommand).resolves({});
  aws.s3.on(PutObjectCommand).resolves({});
  const manifest = rows.map((row) => `${JSON.stringify(row)}\n`).join('');
  aws.s3.on(GetObjectCommand).callsFake(() => ({
    Body: Readable.from([Buffer.from(manifest)]),
    ETag: '"version"',
  }));
});
afterEach(async () => {
  aws.s3.reset();
  aws.sqs.reset();
  await resetServices();
  vi.unstubAllEnvs();
});
afterAll(() => {
  aws.s3.restore();
  aws.sqs.restore();
});

async function turnWith(open: number, quietTurns = 0) {
  const origin = parseSources('{"demo":{"doors":["inbox"]}}').get('demo');
  if (origin === undefined) throw new Error('The source is there.');
  const invocation = {
    services: getServices(),
    remainingMs: () => 600_000,
    wholeMs: 600_000,
    signal: AbortSignal.timeout(60_000),
    attributes: {},
    sentAtMs: Date.now(),
    receives: 1,
  };
  return runTurn(invocation, { ...record, open: opened.slice(0, open), quietTurns }, origin);
}

it('takes as many rows as leave an import a thousand open jobs', async () => {
  const { changes, nextInSeconds } = await turnWith(750);
  expect(changes.open).toHaveLength(most);
  expect(changes).toMatchObject({ isReadToEnd: false, slices: 1, quietTurns: 0 });
  expect(nextInSeconds).toBe(0);
  expect(aws.sqs.commandCalls(SendMessageCommand)).toHaveLength(250);
});

it.each([751, most])('waits while %i jobs are open, and neither reads nor sends', async (open) => {
  const { changes, nextInSeconds } = await turnWith(open);
  expect(changes.open).toHaveLength(open);
  expect(changes.quietTurns).toBe(1);
  expect(nextInSeconds).toBe(2);
  expect(aws.s3.calls()).toEqual([]);
  expect(aws.sqs.calls()).toEqual([]);
});

it('looks less often the longer nothing ends, and at least every 15 seconds', async () => {
  const waits = [];
  for (const quietTurns of [0, 5, 13, 14, 1_000])
    waits.push((await turnWith(most, quietTurns)).nextInSeconds);
  expect(waits).toEqual([2, 7, 15, 15, 15]);
});
