import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { Items } from '../items.ts';
import type { ItemKey } from '../leases.ts';
import type { ManifestFault } from './check-manifest.ts';
import type { ManifestFormat, Position } from './record-reader.ts';

/**
 * `waiting` for its file, `checking` it, `running` row by row, `reporting` what became of them; ends: `done`; `refused`,
 * because the file is wrong and nothing of it was written; `failed`, because it could not go on.
 */
export type ImportState = 'waiting' | 'checking' | 'running' | 'reporting' | 'done' | 'refused' | 'failed';

/** How many rows have become what. */
export interface ImportCounts {
  readonly unchanged: number;
  readonly done: number;
  readonly failed: number;
  readonly superseded: number;
}

/** The record of one manifest on its way. */
export interface Import {
  readonly id: string;
  readonly source: string;
  /** Where the manifest is, in the inbox bucket. */
  readonly key: string;
  readonly format: ManifestFormat;
  /** Which version of the object it is; absent until it is there. */
  readonly etag?: string;
  readonly size?: number;
  readonly skipInvalid: boolean;
  readonly state: ImportState;
  /** Its rows stand in this moment among the events of their subjects. */
  readonly createdAt: string;
  readonly updatedAt: string;
  /** The turn it waits for; every change of the record that goes on takes one. */
  readonly turn: number;
  readonly rows: number;
  readonly invalidRows: number;
  readonly faults: readonly ManifestFault[];
  readonly faultCount: number;
  /** The columns of a CSV file. */
  readonly columns?: readonly string[];
  /** What is read next; absent before the first row. */
  readonly position?: Position;
  readonly isReadToEnd?: boolean;
  /** How many slices have been taken: each has left a note of its rows in the bucket. */
  readonly slices: number;
  /** The jobs that have not ended yet. */
  readonly open: readonly string[];
  readonly counts: ImportCounts;
  /** How often in a row a look found nothing new. */
  readonly quietTurns: number;
  /** Why it has failed, or what its last turn stumbled over. */
  readonly error: string | null;
}

export type ImportDraft = Pick<Import, 'id' | 'source' | 'key' | 'format' | 'skipInvalid' | 'createdAt'>;
export type ImportChanges = Partial<Omit<Import, 'id' | 'turn' | 'updatedAt'>>;

const retentionSeconds = 45 * 86_400;

export function hasImportEnded({ state }: Pick<Import, 'state'>): boolean {
  return state === 'done' || state === 'refused' || state === 'failed';
}

/** Imports in the table: `IMPORT#{id}`. Errors are those of the AWS SDK. */
export class Imports {
  readonly #items: Items;
  readonly #now: () => Date;

  constructor(database: DynamoDBDocumentClient, table: string, now: () => Date = () => new Date()) {
    this.#items = new Items(database, table, retentionSeconds, now);
    this.#now = now;
  }

  /** Writes a new import that waits for its file; false when there is one of this id already. */
  create(draft: ImportDraft): Promise<boolean> {
    const fresh = {
      ...draft,
      state: 'waiting',
      updatedAt: this.#now().toISOString(),
      turn: 0,
      rows: 0,
      invalidRows: 0,
      faults: [],
      faultCount: 0,
      slices: 0,
      open: [],
      counts: { unchanged: 0, done: 0, failed: 0, superseded: 0 },
      quietTurns: 0,
      error: null,
    } satisfies Import;
    return this.#items.create(importKey(draft.id), fresh);
  }

  get(id: string): Promise<Import | null> {
    return this.#items.read<Import>(importKey(id));
  }

  /** Notes that the file is there; false when that was known. */
  begin(id: string, file: { etag: string; size: number }): Promise<boolean> {
    const changes = { ...file, state: 'checking', updatedAt: this.#now().toISOString() };
    return this.#items.change(importKey(id), changes, {
      condition: '#state = :waiting',
      names: { '#state': 'state' },
      values: { ':waiting': 'waiting' },
    });
  }

  /**
   * Changes an import in the turn it waits for, and takes it to the next one.
   * @returns false when somebody else has had this turn
   */
  takeTurn({ id, turn }: Pick<Import, 'id' | 'turn'>, changes: ImportChanges): Promise<boolean> {
    return this.#items.change(
      importKey(id),
      { ...changes, turn: turn + 1, updatedAt: this.#now().toISOString() },
      { condition: '#turn = :turn', names: { '#turn': 'turn' }, values: { ':turn': turn } },
    );
  }

  /** Notes what a turn stumbled over, before it is tried again. */
  async noteError({ id, turn }: Pick<Import, 'id' | 'turn'>, error: string): Promise<void> {
    await this.#items.change(
      importKey(id),
      { error },
      { condition: '#turn = :turn', names: { '#turn': 'turn' }, values: { ':turn': turn } },
    );
  }
}

function importKey(id: string): ItemKey {
  return { pk: `IMPORT#${id}`, sk: 'IMPORT' };
}
