import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync, watch } from 'node:fs';
import { basename, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';

const readySchema = z.looseObject({
  api: z.string(),
  aws: z.object({ s3: z.string(), sqs: z.string(), dynamodb: z.string() }),
  showpad: z.object({ v4: z.string(), token: z.string().optional() }),
  sources: z.record(z.string(), z.object({ secret: z.string() })),
  queues: z.record(z.string(), z.string()),
});

/** What the ready file of a running system tells. */
export type Ready = z.output<typeof readySchema>;

/** `local/start.ts` in a process group of its own, which can be killed whole. */
export interface LocalSystem {
  /** Settles when everything answers; rejects, with what it printed, when it ended before. */
  readonly ready: Promise<Ready>;
  /** Kills every process of it at once, and settles when they are gone. */
  readonly cutPower: () => Promise<void>;
}

const startFile = fileURLToPath(new URL('../../local/start.ts', import.meta.url));

export function startLocalSystem(readyFile: string, settings: Readonly<Record<string, string>>): LocalSystem {
  rmSync(readyFile, { force: true });
  const written = fileWritten(readyFile);
  const child = spawn(process.execPath, [startFile, '--ready-file', readyFile], {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NODE_OPTIONS: '', PORT: '0', ...settings },
  });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => (printed = `${printed}${chunk.toString()}`.slice(-4_000)));
  }
  const gone = once(child, 'close');
  const ended = gone.then(() => Promise.reject(new Error(`The local system ended. It said: ${printed}`)));
  const ready = Promise.race([
    written.promise.then(() => readySchema.parse(JSON.parse(readFileSync(readyFile, 'utf8')))),
    ended,
  ]).finally(written.stop);
  // Whoever does not wait for it does not care.
  ready.catch(() => undefined);
  return { ready, cutPower: () => killGroup(child, gone) };
}

async function killGroup(child: ChildProcess, gone: Promise<unknown>): Promise<void> {
  if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
    process.kill(-child.pid, 'SIGKILL');
  }
  // Its pipes are closed only when the last of its children has ended.
  await gone;
}

function fileWritten(file: string): { promise: Promise<void>; stop: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  const watcher = watch(dirname(file), (_event, name) => {
    if (name === basename(file) && existsSync(file)) resolve();
  });
  return { promise, stop: () => watcher.close() };
}
