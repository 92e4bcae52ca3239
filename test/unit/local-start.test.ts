import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { request } from 'undici';
import { afterEach, beforeEach, expect, it } from 'vitest';
import * as z from 'zod';
import { listen } from '../../local/listen.ts';

const readySchema = z.strictObject({
  api: z.url(),
  aws: z.strictObject({ s3: z.url(), sqs: z.url(), dynamodb: z.url(), sns: z.url(), events: z.url() }),
  showpad: z.strictObject({ v4: z.url(), v3: z.url(), token: z.string().min(16) }),
  sources: z.strictObject({ demo: z.strictObject({ secret: z.string().regex(/^whsec_[\w+/]{32,}=*$/) }) }),
  buckets: z.looseObject({ staging: z.string() }),
  topics: z.looseObject({ outcome: z.string().startsWith('arn:aws:sns:') }),
  queues: z.record(z.string(), z.url()),
  processes: z.strictObject({ workers: z.array(z.number().int()).min(1) }),
});

let directory: string;
let readyFile: string;
let started: ChildProcessByStdio<null, Readable, Readable> | undefined;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'start-'));
  readyFile = join(directory, 'ready.json');
});
afterEach(() => {
  started?.kill('SIGKILL');
  rmSync(directory, { recursive: true });
});

const start = (environment: Record<string, string>) => {
  const file = fileURLToPath(new URL('../../local/start.ts', import.meta.url));
  started = spawn(process.execPath, [file, '--ready-file', readyFile], {
    env: { ...process.env, PORT: '0', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = text(started.stdout);
  const errors = text(started.stderr);
  const ended = once(started, 'exit').then(async ([code]) => ({
    code: Number(code),
    output: await output,
    errors: await errors,
  }));
  return { process: started, ended };
};
const startReady = async (settings: Record<string, string> = {}) => {
  const running = start(settings);
  const failed = running.ended.then(({ errors }) => Promise.reject(new Error(errors)));
  const said = new Promise<void>((resolve) => {
    running.process.stdout.on('data', (chunk: Buffer) => {
      if (chunk.includes('Ctrl-C stops it')) resolve();
    });
  });
  await Promise.race([said, failed]);
  failed.catch(() => undefined);
  return { ...running, ready: readySchema.parse(JSON.parse(readFileSync(readyFile, 'utf8'))) };
};
/** Settles when nobody listens there any more: the process that did is gone. */
const gone = async (url: string): Promise<void> => {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.on('error', () => undefined);
  await once(socket, 'close');
};

it('runs until Ctrl-C, tells others through the ready file, and leaves nothing behind', async () => {
  const { process: supervisor, ended, ready } = await startReady();
  expect(statSync(readyFile).mode & 0o777).toBe(0o600);
  expect((await request(`${ready.api}/health`)).statusCode).toBe(200);
  const headers = { authorization: `Bearer ${ready.showpad.token}` };
  expect((await request(`${ready.showpad.v4}/divisions`, { headers })).statusCode).toBe(200);
  const all = [ready.api, ready.aws.sqs, ready.showpad.v4].map(gone);
  supervisor.kill('SIGINT');
  const { code, errors } = await ended;
  expect(errors).toBe('');
  expect(code).toBe(0);
  await Promise.all(all);
  expect(existsSync(readyFile)).toBe(false);
});

it('keeps its secret and its Showpad in STATE_DIR when everything is killed, and for one stack at a time', async () => {
  const settings = { STATE_DIR: join(directory, 'state') };
  const first = await startReady(settings);
  const { code, errors } = await start(settings).ended;
  expect({ code, errors }).toEqual({
    code: 1,
    errors: expect.stringMatching(/^STATE_DIR \S+ is used by another running stack \(process \d+\): .*\n$/),
  });
  first.process.kill('SIGKILL');
  await first.ended;
  const next = await startReady(settings);
  expect(next.ready.sources).toEqual(first.ready.sources);
  expect(next.ready.showpad.token).toBe(first.ready.showpad.token);
  next.process.kill('SIGKILL');
  await next.ended;
  const given = { adapter: 'cloudevents', secrets: ['whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY='] };
  const last = await startReady({ ...settings, SOURCES: JSON.stringify({ demo: given }) });
  expect(last.ready.sources.demo.secret).toBe(given.secrets[0]);
});

it('leaves nothing running when it is killed', async () => {
  const { process: supervisor, ready } = await startReady();
  const all = [ready.api, ready.aws.sqs, ready.aws.dynamodb, ready.showpad.v4].map(gone);
  supervisor.kill('SIGKILL');
  await Promise.all(all);
});

it('comes down with a clear message when one of its processes dies', async () => {
  const { ended, ready } = await startReady();
  process.kill(ready.processes.workers[0] ?? 0, 'SIGKILL');
  const { code, errors } = await ended;
  expect(code).toBe(1);
  expect(errors).toContain('The workers process ended unexpectedly (SIGKILL). Stopping everything.');
});

it('says what to do when its port is taken', async () => {
  const other = await listen(createServer());
  const { port } = new URL(other.url);
  const { code, errors } = await start({ PORT: port }).ended;
  await other.close();
  expect(code).toBe(1);
  expect(errors).toBe(`Port ${port} is in use. Set PORT to another one; PORT=0 takes any free port.\n`);
});

it('names the settings that are wrong', async () => {
  const { code, errors } = await start({ PORT: 'http', SETTLE_SECONDS: '-1' }).ended;
  expect(code).toBe(1);
  expect(errors).toMatch(/PORT must be a whole number; SETTLE_SECONDS must be a whole number/);
});
