import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { countWork } from '../../bench/cost/count-work.ts';
import { sharesOf } from '../../bench/cost/shares.ts';
import { readTemplateSettings } from '../../bench/cost/template-settings.ts';
import { usageOf } from '../../bench/cost/usage.ts';

/** For one new asset with two looks at its file, every message alone: what chance adds is in it. */
const most = {
  showpadCalls: 6,
  invocations: 6,
  queueRequests: 15,
  writeUnits: 34,
  readUnits: 23,
  objectWrites: 1,
  objectReads: 1,
  logBytes: 12_000,
};

test('a new asset takes no more calls, messages, units and log lines than is known', async () => {
  const load = { assets: 4, bytesPerAsset: 100_000 };
  const counted = await countWork(load);
  const template = await readFile(new URL('../../template.yaml', import.meta.url), 'utf8');
  const shares = [...sharesOf(counted, readTemplateSettings(template), load.bytesPerAsset, false).values()];
  const usages = shares.map((share) => usageOf(share, load.bytesPerAsset));
  const used = {
    showpadCalls: shares.reduce((sum, { work, times }) => sum + work.showpadCalls * times, 0),
    invocations: usages.reduce((sum, { invocations }) => sum + invocations, 0),
    queueRequests: usages.reduce((sum, { queueRequests }) => sum + queueRequests, 0),
    writeUnits: usages.reduce((sum, { writeUnits }) => sum + writeUnits, 0),
    readUnits: usages.reduce((sum, { readUnits }) => sum + readUnits, 0),
    objectWrites: usages.reduce((sum, { objectWrites }) => sum + objectWrites, 0),
    objectReads: usages.reduce((sum, { objectReads }) => sum + objectReads, 0),
    logBytes: usages.reduce((sum, { logBytes }) => sum + logBytes, 0),
  };

  const beyond = Object.entries(used).filter(([what, amount]) => amount > most[what as keyof typeof most]);
  expect(beyond, JSON.stringify(used)).toEqual([]);
});
