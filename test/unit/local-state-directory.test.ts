import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openStateDirectory } from '../../local/state/state-directory.ts';

let directory: string;
let other: ChildProcess | undefined;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'state-'));
});
afterEach(() => {
  other?.kill('SIGKILL');
  rmSync(directory, { recursive: true });
});

it('is made when it is not there, for its owner only: it holds secrets', () => {
  const path = join(directory, 'deep', 'state');
  openStateDirectory(path).release();
  expect(statSync(path).mode & 0o777).toBe(0o700);
});

it('must be a folder that can be written to', () => {
  const file = join(directory, 'file');
  writeFileSync(file, 'content');
  for (const path of [file, join(file, 'inside')]) {
    expect(() => openStateDirectory(path)).toThrow(
      `STATE_DIR ${path} is, or is in, a file and not a folder: name another folder.`,
    );
  }
  // Nobody may make a folder here, whoever runs the test.
  const forbidden = existsSync('/sys') ? '/sys/state' : '/state';
  expect(() => openStateDirectory(forbidden)).toThrow(
    `STATE_DIR ${forbidden} may not be written to by this user: name another folder.`,
  );
});

it('is for one stack at a time, and free again when that one gives it back', () => {
  const path = join(directory, 'state');
  const first = openStateDirectory(path);
  expect(() => openStateDirectory(path)).toThrow(
    `STATE_DIR ${path} is used by another running stack (process ${process.pid}): stop that one, or name another folder.`,
  );
  first.release();
  openStateDirectory(path).release();
});

it('is free as soon as the process that had it was killed', async () => {
  const path = join(directory, 'state');
  const file = new URL('../../local/state/state-directory.ts', import.meta.url).href;
  const code = `const { openStateDirectory } = await import(${JSON.stringify(file)});
    openStateDirectory(${JSON.stringify(path)}); console.log('open'); setInterval(() => undefined, 1000);`;
  const holder = spawn(process.execPath, ['--input-type=module', '--eval', code], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  other = holder;
  await once(holder.stdout, 'data');
  expect(() => openStateDirectory(path)).toThrow(`(process ${holder.pid})`);
  holder.kill('SIGKILL');
  await once(holder, 'exit');
  openStateDirectory(path).release();
});
