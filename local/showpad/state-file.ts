import { DatabaseSync } from 'node:sqlite';
import { resumeProcessing } from './processing.ts';
import type { Kind, ShowpadState } from './showpad-state.ts';
import { resumeTicket } from './v3/ticket-processing.ts';

/** Of what is written: another version of the emulator would not understand it. */
const formatVersion = '1';
const predecessorMs = 5_000;
const kinds: readonly Kind[] = [
  'division',
  'tag',
  'tagCategory',
  'user',
  'asset',
  'deletedAsset',
  'ticket',
  'walk',
  'usage',
];

/** What an emulator of earlier had besides the organisation itself. */
export interface KeptSecrets {
  readonly token: string;
  readonly linkSecret: string;
}

/**
 * An emulated organisation on disk, a row for each thing in it: what was answered is not forgotten when the process
 * is killed. Not kept are the log of requests, switches and faults, which are a tester's, and the lag of the search
 * indexes, which are built anew.
 */
export class StateFile {
  readonly #database: DatabaseSync;
  readonly #touched = new Map<string, { readonly kind: Kind; readonly id: string }>();

  /** @throws {Error} when another process holds the file, or it was written by another version */
  constructor(file: string) {
    this.#database = new DatabaseSync(file, { timeout: predecessorMs });
    // The system keeps what was written when the process dies, which is all that is promised: no waiting for disks.
    this.#database.exec(`
      PRAGMA locking_mode = EXCLUSIVE;
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = OFF;
      CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
      CREATE TABLE IF NOT EXISTS things (
        position INTEGER PRIMARY KEY, kind TEXT NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL, UNIQUE (kind, id)
      );`);
    const version = this.#meta('version') ?? formatVersion;
    if (version !== formatVersion) {
      this.#database.close();
      throw new Error(`${file} was written by another version of the Showpad emulator. Use another folder.`);
    }
  }

  /** Fills a new state with what was kept; answers null, and does nothing, when nothing was. */
  load(state: ShowpadState): KeptSecrets | null {
    const [token, linkSecret] = [this.#meta('token'), this.#meta('linkSecret')];
    if (token === null || linkSecret === null) return null;
    const rows = this.#database.prepare('SELECT kind, id, body FROM things ORDER BY position').all();
    for (const { kind, id, body } of rows) {
      restore(state, kind as Kind, String(id), JSON.parse(String(body), reviveBytes));
    }
    for (const id of state.assets.keys()) state.assetIndex.record(id, 0);
    for (const id of state.tags.keys()) state.tagIndex.record(id, 0);
    for (const walk of state.walks.values()) {
      (walk.kind === 'file' ? resumeProcessing : resumeTicket)(state, walk);
    }
    return { token, linkSecret };
  }

  /** Keeps all there is in a state now, and from then on, with every `write`, what changes in it. */
  begin(state: ShowpadState, secrets: KeptSecrets): void {
    state.touch = (kind, id) => this.#touched.set(`${kind} ${id}`, { kind, id });
    for (const kind of kinds) for (const id of collectionOf(state, kind).keys()) state.touch(kind, id);
    this.write(state, { version: formatVersion, ...secrets });
  }

  write(state: ShowpadState, meta: Readonly<Record<string, string>> = {}): void {
    if (this.#touched.size === 0) return;
    const database = this.#database;
    const setMeta = database.prepare('INSERT OR REPLACE INTO meta VALUES (?, ?)');
    const remove = database.prepare('DELETE FROM things WHERE kind = ? AND id = ?');
    const put = database.prepare(`INSERT INTO things (kind, id, body) VALUES (?, ?, ?)
      ON CONFLICT (kind, id) DO UPDATE SET body = excluded.body`);
    database.exec('BEGIN');
    for (const [name, value] of Object.entries(meta)) setMeta.run(name, value);
    for (const { kind, id } of this.#touched.values()) {
      const thing = collectionOf(state, kind).get(id);
      if (thing === undefined) remove.run(kind, id);
      else put.run(kind, id, JSON.stringify(thing, replaceBytes));
    }
    database.exec('COMMIT');
    this.#touched.clear();
  }

  close(): void {
    this.#database.close();
  }

  #meta(name: string): string | null {
    const value = this.#database.prepare('SELECT value FROM meta WHERE name = ?').get(name)?.['value'];
    return typeof value === 'string' ? value : null;
  }
}

function collectionOf(state: ShowpadState, kind: Kind): ReadonlyMap<string, unknown> {
  switch (kind) {
    case 'division':
      return state.divisions;
    case 'tag':
      return state.tags;
    case 'tagCategory':
      return state.tagCategories;
    case 'user':
      return state.users;
    case 'asset':
      return state.assets;
    case 'deletedAsset':
      return new Map(state.deletedAssets.map((asset) => [asset.id, asset]));
    case 'ticket':
      return state.tickets;
    case 'walk':
      return state.walks;
    case 'usage':
      return state.usage;
  }
}

/** What was written by this version is what its types say. */
function restore(state: ShowpadState, kind: Kind, id: string, thing: unknown): void {
  if (kind === 'deletedAsset') state.deletedAssets.push(thing as never);
  else (collectionOf(state, kind) as Map<string, unknown>).set(id, thing);
}

/** Buffers have a `toJSON` of their own, which is long and comes first: the value itself is with its holder. */
function replaceBytes(this: unknown, key: string, value: unknown): unknown {
  const original =
    typeof this === 'object' && this !== null ? Object.getOwnPropertyDescriptor(this, key) : undefined;
  const bytes: unknown = original?.value;
  return Buffer.isBuffer(bytes) ? { base64: bytes.toString('base64') } : value;
}

function reviveBytes(key: string, value: unknown): unknown {
  const isKept = key === 'head' && typeof value === 'object' && value !== null && 'base64' in value;
  return isKept ? Buffer.from(String(value.base64), 'base64') : value;
}
