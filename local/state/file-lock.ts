import { DatabaseSync } from 'node:sqlite';

/** A database that nobody refers to would be closed some time, and its lock with it. */
const held = new Set<DatabaseSync>();

export interface FileLock {
  readonly release: () => void;
}

/**
 * Takes a lock that ends with this process, however it ends: the operating system holds it, so a killed process
 * leaves none behind, and no other process can be taken for its holder.
 * @param waitMs how long a holder that is just ending is waited for; nothing else happens here meanwhile
 * @returns null when another holds it
 */
export function lockFile(file: string, waitMs: number): FileLock | null {
  const database = new DatabaseSync(file, { timeout: waitMs });
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if (error instanceof Error && 'errcode' in error && error.errcode === busyCode) return null;
    throw error;
  }
  held.add(database);
  return {
    release: () => {
      if (held.delete(database)) database.close();
    },
  };
}

/** SQLITE_BUSY */
const busyCode = 5;
