import { isDeepStrictEqual } from 'node:util';
import { create, getIndexActions } from 'dynalite/db/index.js';
import type { TableRecord } from 'dynalite/db/index.js';

type Database = ReturnType<typeof create>['db'];
type Operation = Parameters<Database['batch']>[0][number];

/**
 * Puts right what a kill may have left between the writes of one change in dynalite's files. It takes the old rows
 * out of the indexes, puts the new ones in, and only then the item: a list could show a change that was never
 * answered for, or miss an item that is there. The item is what counts. A table may also have stayed in creation.
 * @returns how many rows were put right
 */
export async function mendTables(path: string): Promise<number> {
  const { db } = create({ path });
  await db.open();
  try {
    const operations: Operation[] = [];
    for (const [key, value] of await rowsOf(db, 'table~')) {
      const table = value as TableRecord;
      if (table.TableStatus !== 'ACTIVE') operations.push({ type: 'put', key, value: asActive(table) });
      operations.push(...(await indexMends(db, table)));
    }
    if (operations.length > 0) await db.batch(operations);
    return operations.length;
  } finally {
    await db.close();
  }
}

async function indexMends(db: Database, table: TableRecord): Promise<Operation[]> {
  const kinds = [
    { prefix: `index-global~${table.TableName}~`, indexes: table.GlobalSecondaryIndexes ?? [] },
    { prefix: `index-local~${table.TableName}~`, indexes: table.LocalSecondaryIndexes ?? [] },
  ];
  const items = await rowsOf(db, `item-${table.TableName}~`);
  const operations: Operation[] = [];
  for (const { prefix, indexes } of kinds) {
    const wanted = new Map<string, unknown>();
    for (const item of items.values()) {
      for (const { index, key, item: row } of getIndexActions(indexes, null, item, table).puts) {
        wanted.set(`${prefix}${index}~${key}`, row);
      }
    }
    const found = await rowsOf(db, prefix);
    for (const key of found.keys()) if (!wanted.has(key)) operations.push({ type: 'del', key });
    for (const [key, value] of wanted) {
      if (!isDeepStrictEqual(found.get(key), asStored(value))) operations.push({ type: 'put', key, value });
    }
  }
  return operations;
}

async function rowsOf(db: Database, prefix: string): Promise<Map<string, unknown>> {
  const rows = new Map<string, unknown>();
  for await (const [key, value] of db.iterator({ gte: prefix, lt: `${prefix}\u{ff}` })) rows.set(key, value);
  return rows;
}

/** Rows of indexes have no prototype, and attributes that the item lacks are undefined in them. */
function asStored(row: unknown): unknown {
  return JSON.parse(JSON.stringify(row));
}

function asActive(table: TableRecord): TableRecord {
  const indexes = table.GlobalSecondaryIndexes?.map((index) => ({ ...index, IndexStatus: 'ACTIVE' }));
  return { ...table, TableStatus: 'ACTIVE', ...(indexes && { GlobalSecondaryIndexes: indexes }) };
}
