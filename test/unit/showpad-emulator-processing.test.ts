import { afterEach, beforeEach, expect, test } from 'vitest';
import type { EmulatedAsset } from '../../local/showpad/asset-resource.ts';
import { startShowpadEmulator, type ShowpadEmulator } from '../../local/showpad/showpad-emulator.ts';
import { createShowpadCaller, until, upload } from '../showpad-caller.ts';

const first = Buffer.from('%PDF-1.7 first');
const second = Buffer.from('%PDF-1.7 second');
const stepMs = 1000;

let nowMs: number;
let showpad: ShowpadEmulator;
let caller: ReturnType<typeof createShowpadCaller>;

beforeEach(async () => {
  nowMs = Date.parse('2026-11-23T12:00:00Z');
  showpad = await startShowpadEmulator({ now: () => nowMs, switches: { processingMs: stepMs } });
  caller = createShowpadCaller(showpad);
});

afterEach(() => showpad.close());

async function send(asset: EmulatedAsset, bytes: Buffer): Promise<string> {
  const file = await caller.createFile(asset.id);
  expect((await upload(file, bytes)).status).toBe(200);
  return file.id;
}

function pass(steps: number): void {
  for (let step = 0; step < steps; step += 1) {
    nowMs += stepMs;
    showpad.advance();
  }
}

/** The statuses that an asset and one of its files show, step by step. */
function walk(asset: EmulatedAsset, fileId: string, steps: number): string[] {
  const shown: string[] = [];
  const show = () => {
    shown.push(`${asset.status}/${asset.files.find(({ id }) => id === fileId)?.status ?? 'gone'}`);
  };
  show();
  for (let step = 0; step < steps; step += 1) {
    pass(1);
    show();
  }
  return shown;
}

async function newAsset(name = 'leaflet.pdf'): Promise<EmulatedAsset> {
  return caller.createAsset({ name });
}

async function activeAsset(): Promise<EmulatedAsset> {
  const asset = await newAsset();
  await send(asset, first);
  pass(3);
  expect(asset.status).toBe('active');
  return asset;
}

test('an asset and its first file walk from prepared to active by the clock', async () => {
  const asset = await newAsset();
  const fileId = await send(asset, first);
  expect(walk(asset, fileId, 4)).toEqual([
    'prepared/prepared',
    'queued/queued',
    'processing/processing',
    'active/active',
    'active/active',
  ]);
  expect(asset.currentFile).toEqual({ id: fileId });
});

test('the walk goes on by itself on the real clock', async () => {
  const real = await startShowpadEmulator({ switches: { processingMs: 1 } });
  const realCaller = createShowpadCaller(real);
  const asset = await realCaller.createAsset({ name: 'leaflet.pdf' });
  await upload(await realCaller.createFile(asset.id), first);
  await until(real, () => asset.status === 'active');
  await real.close();
});

test('a request sees everything that has become due', async () => {
  const asset = await newAsset();
  const fileId = await send(asset, first);
  nowMs += stepMs;
  expect((await caller.call('GET', `/assets/${asset.id}/files/${fileId}`)).json).toMatchObject({
    status: 'queued',
  });
});

test('a URL asset is active at once', async () => {
  const asset = await caller.createAsset({ name: 'site.url', url: 'https://example.com' });
  expect(asset).toMatchObject({ status: 'active', type: 'url' });
});

test('reading a file never shows its upload link again', async () => {
  const asset = await newAsset();
  const { id } = await caller.createFile(asset.id);
  const { json } = await caller.call('GET', `/assets/${asset.id}/files/${id}`);
  expect(json).toEqual({
    id,
    name: 'leaflet.pdf',
    status: 'prepared',
    error: null,
    createdAt: '2026-11-23T12:00:00.000Z',
    updatedAt: '2026-11-23T12:00:00.000Z',
  });
});

test.each([
  ['a name that says it is corrupt', 'corrupt.mp4', Buffer.from('x')],
  ['a PDF that is none', 'leaflet.pdf', Buffer.from('<html>')],
  ['a presentation that is none', 'deck.pptx', Buffer.from('slides')],
  ['an empty file', 'notes.txt', Buffer.alloc(0)],
])('processing fails for %s', async (_, name, bytes) => {
  const asset = await newAsset(name);
  const fileId = await send(asset, bytes);
  expect(walk(asset, fileId, 3).at(-1)).toBe('failed/failed');
  expect(asset.files[0]?.error).toMatch(/damaged|content is not|empty/u);
  expect(asset.currentFile).toBeNull();
});

test('an asset recovers with a good file after a failed one', async () => {
  const asset = await newAsset();
  await send(asset, Buffer.from('<html>'));
  pass(3);
  const fileId = await send(asset, first);
  expect(walk(asset, fileId, 3)).toEqual([
    'failed/prepared',
    'queued/queued',
    'processing/processing',
    'active/active',
  ]);
});

test('an asset stays active on its old file while a new version is processed', async () => {
  const asset = await activeAsset();
  const oldFile = asset.currentFile;
  const fileId = await send(asset, second);
  expect(walk(asset, fileId, 2)).toEqual(['active/prepared', 'active/queued', 'active/processing']);
  expect(asset.currentFile).toEqual(oldFile);
  pass(1);
  expect(asset.currentFile).toEqual({ id: fileId });
});

test('an asset keeps its old file when a new version fails', async () => {
  const asset = await activeAsset();
  const before = { currentFile: asset.currentFile, checksum: asset.checksum };
  const fileId = await send(asset, Buffer.from('<html>'));
  expect(walk(asset, fileId, 3).at(-1)).toBe('active/failed');
  expect(asset).toMatchObject(before);
});

test('an asset can be switched to walk again with every version', async () => {
  showpad.switches.statusDuringReprocessing = 'walks-again';
  const asset = await activeAsset();
  const fileId = await send(asset, second);
  expect(walk(asset, fileId, 3)).toEqual([
    'active/prepared',
    'queued/queued',
    'processing/processing',
    'active/active',
  ]);
});

test('a status that nobody knows can be part of the walk', async () => {
  showpad.switches.unknownStatus = 'curious';
  const asset = await newAsset();
  const fileId = await send(asset, first);
  expect(walk(asset, fileId, 4)).toEqual([
    'prepared/prepared',
    'queued/queued',
    'curious/curious',
    'processing/processing',
    'active/active',
  ]);
});

test('processing can be stuck until it is let go', async () => {
  showpad.switches.processingStuck = true;
  const asset = await newAsset();
  const fileId = await send(asset, first);
  expect(walk(asset, fileId, 50).at(-1)).toBe('processing/processing');
  showpad.switches.processingStuck = false;
  pass(1);
  expect(asset.status).toBe('active');
});

test.each([
  ['last-processed', 0],
  ['newest-created', 1],
] as const)('of two files the %s one ends as the current file', async (rule, winner) => {
  showpad.switches.concurrentFiles = rule;
  const asset = await newAsset();
  const files = [await caller.createFile(asset.id), await caller.createFile(asset.id)] as const;
  await upload(files[1], second);
  pass(1);
  await upload(files[0], first);
  pass(4);
  expect(asset.currentFile).toEqual({ id: files[winner].id });
});

test('other bytes to the same link replace the earlier ones before they are processed', async () => {
  const asset = await newAsset();
  const file = await caller.createFile(asset.id);
  await upload(file, first);
  pass(1);
  await upload(file, second);
  pass(4);
  expect(asset.size).toBe(second.length);
});
