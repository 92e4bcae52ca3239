declare module 'dynalite' {
  import type { Server } from 'node:http';

  /** An in-memory DynamoDB on an HTTP server that does not listen yet. */
  export default function dynalite(options?: {
    createTableMs?: number;
    deleteTableMs?: number;
    updateTableMs?: number;
    path?: string;
  }): Server;
}

declare module 'dynalite/db/index.js' {
  interface TableRecord {
    readonly TableName: string;
    readonly TableStatus: string;
    readonly GlobalSecondaryIndexes?: readonly IndexRecord[];
    readonly LocalSecondaryIndexes?: readonly IndexRecord[];
  }
  interface IndexRecord {
    readonly IndexName: string;
    readonly IndexStatus?: string;
  }

  /** What dynalite keeps its tables in: a LevelDB whose keys begin with what they belong to. */
  export function create(options: { path: string }): {
    readonly db: {
      open(): Promise<void>;
      iterator(range: { gte: string; lt: string }): AsyncIterable<[key: string, value: unknown]>;
      batch(
        operations: readonly ({ type: 'put'; key: string; value: unknown } | { type: 'del'; key: string })[],
      ): Promise<void>;
      close(): Promise<void>;
    };
  };
  export function getIndexActions(
    indexes: readonly IndexRecord[],
    existingItem: null,
    item: unknown,
    table: TableRecord,
  ): { readonly puts: readonly { index: string; key: string; item: unknown }[] };
}
