import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { request } from 'undici';
import * as z from 'zod';
import {
  startShowpadEmulator,
  type ShowpadEmulator,
  type ShowpadEmulatorOptions,
} from '../../local/showpad/showpad-emulator.ts';
import { assetOf, createShowpadCaller, only, upload } from '../showpad-caller.ts';
import { createV3Caller } from '../showpad-v3-caller.ts';

const pdf = Buffer.from('%PDF-1.7 leaflet');
const stepMs = 1000;
const idSchema = z.object({ id: z.string() });

let directory: string;
let nowMs: number;
let running: ShowpadEmulator[];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'showpad-'));
  nowMs = Date.parse('2026-11-23T12:00:00Z');
  running = [];
});
afterEach(async () => {
  await Promise.all(running.map((showpad) => showpad.close()));
  rmSync(directory, { recursive: true });
});

async function start(folder = 'first', options: ShowpadEmulatorOptions = {}): Promise<ShowpadEmulator> {
  mkdirSync(join(directory, folder), { recursive: true });
  const showpad = await startShowpadEmulator({
    now: () => nowMs,
    stateFile: join(directory, folder, 'showpad.sqlite'),
    switches: { processingMs: stepMs, ...options.switches },
    ...options,
  });
  running.push(showpad);
  return showpad;
}

/** Another emulator on what the first has on disk at this moment, as after a power cut. */
async function afterPowerCut(options: ShowpadEmulatorOptions = {}): Promise<ShowpadEmulator> {
  const copy = `copy-${running.length}`;
  cpSync(join(directory, 'first'), join(directory, copy), { recursive: true });
  return start(copy, options);
}

const told = async ({ controlUrl }: ShowpadEmulator): Promise<unknown> =>
  (await request(`${controlUrl}/state`)).body.json();

test('an organisation that has a file is the same after a power cut, whatever was done to it', async () => {
  const showpad = await start('first', { tags: [{ name: 'seeded', division: 'Marketing' }] });
  const { call, createAsset, createFile } = createShowpadCaller(showpad);
  const v3 = createV3Caller(showpad);
  const post = async (path: string, body: object): Promise<string> =>
    idSchema.parse((await call('POST', path, { body })).json).id;
  const division = { id: showpad.divisions[0]?.id };
  const same = async (): Promise<void> =>
    expect(await told(await afterPowerCut())).toEqual(await told(showpad));

  await same();
  const asset = await createAsset({ name: 'Leaflet.pdf', externalId: 'dam:1' });
  const other = await createAsset({ name: 'Other.pdf' });
  const gone = await createAsset({ name: 'Gone.pdf' });
  await call('DELETE', `/assets/${gone.id}`);
  await same();
  const tag = await post('/tags', { name: 'new', division });
  const doomed = await post('/tags', { name: 'doomed', division });
  await call('POST', `/assets/${asset.id}`, { body: { tags: [{ id: tag }, { id: doomed }] } });
  await call('POST', `/tags/${tag}`, { body: { name: 'renamed' } });
  await call('DELETE', `/tags/${doomed}`);
  await same();
  const parent = await post('/tag-categories', { name: 'parent', division });
  const category = await post('/tag-categories', { name: 'child', division, parent: { id: parent } });
  await call('POST', `/tag-categories/${category}`, { body: { name: 'renamed' } });
  await same();
  nowMs += 1;
  await call('POST', `/tag-categories/${category}/tags`, { body: { add: [{ id: tag }] } });
  await same();
  await call('DELETE', `/tag-categories/${parent}`);
  await same();
  const variants = [{ asset: { id: other.id } }, { asset: { languages: [{ code: 'de' }], countries: [] } }];
  const localization = { primary: { asset: { id: asset.id } }, variants };
  await call('POST', `/assets/${asset.id}`, { body: { localization } });
  await same();
  await call('POST', `/assets/${other.id}`, { body: { localization: null } });
  await same();
  const file = await createFile(asset.id, { name: 'Newer.pdf' });
  await same();
  for (const bytes of [pdf, pdf, Buffer.from('%PDF-1.7 other')]) await upload(file, bytes);
  await same();
  await v3.uploadTo('jo@example.com', { filename: 'plain.bin', content: 'plain' });
  for (const name of ['a', 'b', 'c', 'd']) {
    await v3.uploadTo('jo@example.com', {
      filename: `${name}.pdf`,
      content: name === 'd' ? 'no PDF' : `%PDF-1.7 ${name}`,
    });
  }
  await same();
  const [first, second, , failing] = showpad.tickets.map(({ id }) => id);
  await v3.call('POST', `/tickets/${first}/cancel.json`);
  await v3.call('DELETE', `/tickets/${second}.json`);
  await same();
  for (let step = 0; step < 4; step += 1) {
    nowMs += stepMs;
    showpad.advance();
    await same();
  }
  await v3.call('POST', `/tickets/${failing}/force-use.json`);
  await same();
  await v3.call('GET', `/tickets/${failing}.json`);
  await same();
  expect(assetOf(showpad, asset.id).status).toBe('active');

  const newVersion = await createFile(asset.id);
  await same();
  await upload(newVersion, Buffer.from('%PDF-1.7 newest'));
  for (let step = 0; step < 4; step += 1) {
    nowMs += stepMs;
    showpad.advance();
    await same();
  }
});

test('what was being processed goes on where it was, by the time that has passed', async () => {
  const showpad = await start();
  const { createAsset, createFile } = createShowpadCaller(showpad);
  const asset = await createAsset({ name: 'Leaflet.pdf' });
  await upload(await createFile(asset.id), pdf);
  await createV3Caller(showpad).uploadTo('jo@example.com', { filename: 'leaflet.pdf', content: '%PDF-1.7' });
  nowMs += stepMs;
  showpad.advance();
  expect(assetOf(showpad, asset.id).status).toBe('queued');

  const next = await afterPowerCut();
  const jo = only(next.users.filter(({ email }) => email === 'jo@example.com'));
  nowMs += stepMs - 1;
  next.advance();
  expect([assetOf(next, asset.id).status, only(next.tickets).status]).toEqual(['queued', 'processing']);
  nowMs += 1;
  next.advance();
  expect([assetOf(next, asset.id).status, only(next.tickets).status]).toEqual(['processing', 'completed']);
  expect(jo.myFiles.assets).toHaveLength(1);

  // Nobody looked while it was down: everything has become due.
  const later = await afterPowerCut();
  nowMs += 10 * stepMs;
  later.advance();
  later.advance();
  nowMs += 10 * stepMs;
  later.advance();
  expect(assetOf(later, asset.id)).toMatchObject({ status: 'active', checksum: expect.any(String) });
});

test('the token, the upload links and the calls that are left outlive a power cut; a token that is given counts', async () => {
  const showpad = await start();
  const { call } = createV3Caller(showpad);
  await call('GET', '/users.json');
  const next = await afterPowerCut();
  expect(next.token).toBe(showpad.token);
  const { meta } = await createV3Caller(next).call('GET', '/users.json');
  expect(meta['requestsRemaining']).toBe(4998);
  const given = await afterPowerCut({ token: 'given' });
  expect(given.token).toBe('given');
});
