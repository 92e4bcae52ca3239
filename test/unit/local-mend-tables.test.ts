import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateTableCommand,
  DescribeTableCommand,
  DynamoDBClient,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, PutCommand, QueryCommand, ScanCommand } from '@aws-sdk/lib-dynamodb';
import dynalite from 'dynalite';
import { create } from 'dynalite/db/index.js';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { listen } from '../../local/listen.ts';
import { endLeases } from '../../local/state/end-leases.ts';
import { mendTables } from '../../local/state/mend-tables.ts';

const TableName = 'jobs';
let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'table-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

/** Runs a DynamoDB on the folder for as long as `work` takes. */
async function onTable<Result>(
  work: (documents: DynamoDBDocumentClient, client: DynamoDBClient) => Promise<Result>,
): Promise<Result> {
  const { url, close } = await listen(dynalite({ path: directory, createTableMs: 0 }));
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = new DynamoDBClient({ region: 'eu-west-1', endpoint: url, credentials });
  try {
    return await work(DynamoDBDocumentClient.from(client), client);
  } finally {
    client.destroy();
    await close();
  }
}

/** Changes the folder as a kill between two writes of the server leaves it. */
async function tear(change: (rows: Map<string, unknown>) => readonly object[]): Promise<void> {
  const { db } = create({ path: directory });
  await db.open();
  const rows = new Map<string, unknown>();
  for await (const [key, value] of db.iterator({ gte: '', lt: '\u{ff}' })) rows.set(key, value);
  await db.batch(change(rows) as Parameters<typeof db.batch>[0]);
  await db.close();
}

async function createJobs(): Promise<void> {
  await onTable(async (documents, client) => {
    await client.send(
      new CreateTableCommand({
        TableName,
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: ['pk', 'sk', 'state'].map((name) => ({
          AttributeName: name,
          AttributeType: 'S',
        })),
        KeySchema: [
          { AttributeName: 'pk', KeyType: 'HASH' },
          { AttributeName: 'sk', KeyType: 'RANGE' },
        ],
        GlobalSecondaryIndexes: [
          {
            IndexName: 'byState',
            KeySchema: [{ AttributeName: 'state', KeyType: 'HASH' }],
            Projection: { ProjectionType: 'INCLUDE', NonKeyAttributes: ['title', 'missing'] },
          },
        ],
      }),
    );
    await waitUntilTableExists({ client, maxWaitTime: 10, minDelay: 1 }, { TableName });
    for (const pk of ['one', 'two']) {
      const Item = {
        pk,
        sk: 'JOB',
        state: 'open',
        title: `${pk} title`,
        leasedUntil: 9,
        leaseHolder: 'h',
        fence: 7,
      };
      await documents.send(new PutCommand({ TableName, Item }));
    }
    await documents.send(new PutCommand({ TableName, Item: { pk: 'three', sk: 'PUSH' } }));
  });
}

const listed = (state: string): Promise<unknown[]> =>
  onTable(async (client) => {
    const { Items = [] } = await client.send(
      new QueryCommand({
        TableName,
        IndexName: 'byState',
        KeyConditionExpression: '#state = :state',
        ExpressionAttributeNames: { '#state': 'state' },
        ExpressionAttributeValues: { ':state': state },
      }),
    );
    return Items.map(({ pk }) => pk as unknown).toSorted();
  });

const isIndexRow = (key: string): boolean => key.startsWith('index-global~jobs~byState~');

it('rows that an index lost, or has too many of, are put right by the items', async () => {
  await createJobs();
  await tear((rows) =>
    [...rows].flatMap(([key, value], place) => {
      if (!isIndexRow(key)) return [];
      const row = { ...(value as object), state: { S: 'ended' }, pk: { S: `ghost ${place}` } };
      return [
        { type: 'del', key },
        { type: 'put', key: `index-global~jobs~byState~00${place}`, value: row },
      ];
    }),
  );
  expect(await listed('open')).toEqual([]);
  expect(await mendTables(directory)).toBe(4);
  expect(await listed('open')).toEqual(['one', 'two']);
  expect(await listed('ended')).toEqual([]);
  expect(await mendTables(directory)).toBe(0);
});

it('a row that tells of a change which was never written is put right', async () => {
  await createJobs();
  await tear((rows) =>
    [...rows].flatMap(([key, value]) =>
      isIndexRow(key) ? [{ type: 'put', key, value: { ...(value as object), title: { S: 'newer' } } }] : [],
    ),
  );
  expect(await mendTables(directory)).toBe(2);
  expect(await mendTables(directory)).toBe(0);
});

it('a table that was being created is there', async () => {
  await createJobs();
  await tear((rows) =>
    [...rows].flatMap(([key, value]) =>
      key.startsWith('table~')
        ? [{ type: 'put', key, value: { ...(value as object), TableStatus: 'CREATING' } }]
        : [],
    ),
  );
  await mendTables(directory);
  const { Table } = await onTable((client) => client.send(new DescribeTableCommand({ TableName })));
  expect(Table?.TableStatus).toBe('ACTIVE');
});

it('leases end, fences and everything else stay', async () => {
  await createJobs();
  await onTable(async (documents, client) => {
    await endLeases(client, TableName);
    const { Items = [] } = await documents.send(new ScanCommand({ TableName }));
    expect(Items).toHaveLength(3);
    expect(Items).toContainEqual({ pk: 'one', sk: 'JOB', state: 'open', title: 'one title', fence: 7 });
    expect(Items.filter((item) => 'leasedUntil' in item || 'leaseHolder' in item)).toEqual([]);
  });
});
