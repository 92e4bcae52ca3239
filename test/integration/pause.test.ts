import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DeleteObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { listen, type Listening } from '../../local/listen.ts';
import { startShowpadEmulator, type ShowpadEmulator } from '../../local/showpad/showpad-emulator.ts';
import { pdf, startConnector, type Connector } from '../connector.ts';
import { hardshipsOf, hoursAgo } from './hardships.ts';

const secret = 'whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=';
const directory = mkdtempSync(join(tmpdir(), 'pause-'));
let showpad: ShowpadEmulator;
let files: Listening;
/** What sources were asked for, one path after the other; a source that is down answers once with 503. */
const fetched: string[] = [];
const down = new Set<string>();
let connector: Connector | undefined;

beforeAll(async () => {
  showpad = await startShowpadEmulator({ switches: { processingMs: 5 } });
  files = await listen(
    createServer(({ url = '' }, response) => {
      fetched.push(url);
      if (down.delete(url)) response.writeHead(503).end();
      else response.writeHead(200).end(pdf(url));
    }),
  );
});
afterAll(async () => {
  await connector?.stop();
  await Promise.all([files.close(), showpad.close()]);
  rmSync(directory, { recursive: true });
});

/** Deploys the same stack again, with another value of the parameter. */
async function deploy(delivery: 'running' | 'paused'): Promise<Connector> {
  await connector?.stop();
  const { v4Url, v3Url, token, divisions } = showpad;
  const [division] = divisions;
  const source = { adapter: 'cloudevents', secrets: [secret], division: division?.id };
  connector = await startConnector(
    {
      stateDirectory: directory,
      showpad: { v4Url, v3Url, credentials: { token } },
      sources: { demo: source },
      parameters: { Delivery: delivery, TicketPollSeconds: '1' },
    },
    showpad,
  );
  return connector;
}

test('during a pause events are accepted and staged, and nothing calls Showpad; afterwards all of it is done, once', async () => {
  const paused = await deploy('paused');
  const { stack, send } = paused;
  const hardships = hardshipsOf(paused);
  const ids: string[] = [];
  const accept = async (type: string, subject: string, data: Record<string, unknown>): Promise<string> => {
    const { status, body } = await send({ type, subject, data });
    expect(status).toBe(202);
    ids.push(body.jobs[0]?.id ?? '');
    return ids.at(-1) ?? '';
  };
  const file = (name: string) => ({ file: { url: `${files.url}/${name}.pdf`, name: 'Paused.pdf' } });
  const waiting = async () => {
    const { upload, metadata, personalUpload, stage } = await stack.queueCounts();
    return [stage, upload, metadata, personalUpload].map((counts) => counts?.visible ?? 0);
  };
  const wait = (...counts: number[]) =>
    hardships.until(async () => JSON.stringify(await waiting()) === JSON.stringify(counts));

  await accept('asset.upsert', 'kept', file('kept'));
  await accept('asset.metadata', 'kept', { metadata: { description: 'Said during the pause.' } });
  await accept('asset.upsert', 'expired', file('expired'));
  const recipients = showpad.users.slice(0, 2).map(({ email }) => email);
  await accept('myfiles.upload', 'push', { recipients, ...file('push') });
  await wait(0, 2, 1, 2);
  expect(fetched.toSorted()).toEqual(['/expired.pdf', '/kept.pdf', '/push.pdf']);

  // Two days later the bucket has let files expire, and the sweep has had its look.
  const { s3 } = stack.clients;
  const Bucket = stack.buckets['staging'];
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket }));
  for (const { Key = '' } of Contents)
    if (!Key.includes(ids[0] ?? '')) await s3.send(new DeleteObjectCommand({ Bucket, Key }));
  for (const id of ids) await hardships.age(id, 48);
  for (const index of recipients.keys()) {
    const recipient = { pk: `JOB#${ids[3]}`, sk: `RECIPIENT#000${index}` };
    await hardships.set(recipient, { updatedAt: hoursAgo(48) });
  }
  for (let time = 0; time < 2; time += 1) await hardships.sweep();
  expect(await waiting()).toEqual([0, 2, 1, 2]);

  // What is not paused is looked after as ever.
  await stack.pause('stage-binary');
  const lost = await accept('asset.upsert', 'lost', file('lost'));
  await hardships.lose('stage');
  await hardships.age(lost, 3);
  await hardships.sweep();
  await stack.resume('stage-binary');
  await wait(0, 3, 1, 2);
  expect(showpad.requests).toEqual([]);

  // Neither Showpad nor the source is at its best when it goes on.
  down.add('/expired.pdf').add('/push.pdf');
  showpad.faults.add({ match: { times: 15 }, action: { kind: 'status', status: 503 } });
  const running = await deploy('running');
  await running.stack.settled(55_000);
  for (const id of ids) expect(await running.job(id)).toMatchObject({ state: 'done', error: null });
  const kept = { description: 'Said during the pause.' };
  for (const [subject, wanted] of Object.entries({ kept, expired: {}, lost: {} })) {
    const assets = running.assetsOf(subject);
    expect(assets).toMatchObject([{ status: 'active', ...wanted }]);
    expect(assets.flatMap((asset) => asset.files.flatMap(({ uploads }) => uploads))).toHaveLength(1);
  }
  expect(showpad.users.slice(0, 2).map(({ myFiles }) => myFiles.assets.length)).toEqual([1, 1]);
  expect(fetched.filter((path) => path === '/kept.pdf')).toHaveLength(1);
});

test('after a pause, time counts from its end for messages that may be lost too', async () => {
  const running = connector ?? (await deploy('running'));
  const hardships = hardshipsOf(running);
  const { stack } = running;
  const uploads = async () => (await stack.queueCounts())['upload']?.visible ?? 0;
  await stack.pause('upload-asset');
  const data = { file: { url: `${files.url}/later.pdf`, name: 'Later.pdf' } };
  const { body } = await running.send({ type: 'asset.upsert', subject: 'later', data });
  await hardships.until(async () => (await uploads()) === 1);
  await hardships.lose('upload');
  await hardships.age(body.jobs[0]?.id ?? '', 48);
  const noted = { pk: 'DELIVERY', sk: 'PAUSE' };
  await hardships.set(noted, { isOn: true });
  await hardships.sweep();
  expect(await uploads()).toBe(0);
  await hardships.set(noted, { endedAt: hoursAgo(2) });
  await hardships.sweep();
  expect(await uploads()).toBe(1);
  await stack.resume('upload-asset');
  await stack.settled();
  expect(running.assetsOf('later')).toHaveLength(1);
});
