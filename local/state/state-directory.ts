import { accessSync, constants, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { lockFile } from './file-lock.ts';

export interface StateDirectory {
  readonly path: string;
  readonly release: () => void;
}

/** What lies where in the folder. */
export function statePlaces(path: string): { readonly aws: string; readonly showpadFile: string } {
  return { aws: join(path, 'aws'), showpadFile: join(path, 'showpad.sqlite') };
}

const endingMs = 1_000;

/**
 * Makes the folder that keeps the state of a local stack, and takes it for this one alone until `release` or until
 * this process ends.
 * @throws {Error} in one sentence that says what is wrong with it and what to do.
 */
export function openStateDirectory(path: string): StateDirectory {
  const lock = usable(path, () => {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    accessSync(path, constants.W_OK | constants.X_OK);
    return lockFile(join(path, 'lock'), endingMs);
  });
  const holderFile = join(path, 'pid');
  if (lock === null) {
    throw new Error(
      `STATE_DIR ${path} is used by another running stack${holder(holderFile)}: stop that one, or name another folder.`,
    );
  }
  usable(path, () => {
    writeFileSync(holderFile, `${process.pid}\n`);
  });
  return { path, release: lock.release };
}

function holder(file: string): string {
  try {
    return ` (process ${readFileSync(file, 'utf8').trim()})`;
  } catch {
    return '';
  }
}

function usable<Result>(path: string, open: () => Result): Result {
  try {
    return open();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    const isFile = code === 'EEXIST' || code === 'ENOTDIR';
    const isForbidden = code === 'EACCES' || code === 'EPERM' || code === 'EROFS';
    const why = isFile
      ? 'is, or is in, a file and not a folder'
      : isForbidden
        ? 'may not be written to by this user'
        : `cannot be used (${error instanceof Error ? error.message : String(error)})`;
    throw new Error(`STATE_DIR ${path} ${why}: name another folder.`, { cause: error });
  }
}
