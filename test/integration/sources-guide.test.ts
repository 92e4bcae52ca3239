import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseSettings } from '../../local/settings.ts';
import { readyContent } from '../../local/ready-file.ts';
import { md5, startConnector, type Connector, type JobView } from '../connector.ts';
import { fencedBlocks } from '../documents/document-faults.ts';

const root = join(import.meta.dirname, '../..');
const guide = readFileSync(join(root, 'docs/sources.md'), 'utf8');
const brochure = readFileSync(join(root, 'samples/flow-200-brochure.pdf'));
const folder = mkdtempSync(join(tmpdir(), 'guide-'));
const readyFile = join(folder, 'ready.json');

// What the first command of the guide serves.
const files = createServer((_request, response) => response.end(brochure));
let port = 0;
let connector: Connector;
beforeAll(async () => {
  await new Promise<void>((resolve) => files.listen(0, '127.0.0.1', resolve));
  port = (files.address() as AddressInfo).port;
  const SOURCES = readFileSync(join(root, 'samples/sources.json'), 'utf8');
  const { sources } = parseSettings({ SOURCES });
  if (sources === undefined) throw new Error('There are no sources.');
  connector = await startConnector({ sources });
  writeFileSync(readyFile, JSON.stringify(readyContent(connector.stack)));
});
afterAll(async () => {
  await connector.stop();
  files.closeAllConnections();
  files.close();
  rmSync(folder, { recursive: true });
});

/** The commands of a section, as they stand there. */
function commandsOf(heading: string): string {
  const [, section = ''] = guide.split(`\n## ${heading}\n`);
  return fencedBlocks(section.split('\n## ')[0] ?? '', 'sh').join('\n');
}

/** Runs commands in bash, where only the places differ: of the ready file, and of the file server. */
function run(script: string): Promise<string> {
  const here = script
    .replaceAll('./ready.json', readyFile)
    .replaceAll('127.0.0.1:8000', `127.0.0.1:${port}`)
    .replaceAll(/\$\(cat (samples\/\S+)\)/g, `$(sed s/127.0.0.1:8000/127.0.0.1:${port}/g $1)`);
  return new Promise((resolve, reject) => {
    execFile('bash', ['-eu', '-o', 'pipefail', '-c', here], { cwd: root }, (error, output, errors) => {
      if (error === null) resolve(output);
      else reject(new Error(`${error.message}\n${output}${errors}`));
    });
  });
}

const [, , third = '', watch = ''] = fencedBlocks(guide, 'sh');

test.each([
  ['CloudEvents', 'dam', 'brochure'],
  ['Contentful', 'contentful', 'nyancat'],
  ['Cloudinary', 'cloudinary', 'image/upload/docs/flow-200-brochure'],
  ['Any other system that signs JSON', 'pim', 'FLOW-200'],
])('%s: the guide, followed word by word, brings a file into Showpad', async (heading, source, subject) => {
  const answer = JSON.parse(await run(`${third}\n${commandsOf(heading)}`)) as { jobs: JobView[] };
  expect(answer.jobs).toMatchObject([{ type: 'asset.upsert', subject }]);
  await connector.stack.settled(55_000);
  const said = await run(`${third}\n${watch.replace('source=dam', `source=${source}`)}`);
  expect((JSON.parse(said) as { items: JobView[] }).items).toMatchObject([{ state: 'done', error: null }]);
  expect(
    connector.showpad.assets.filter(({ externalId }) => externalId === `${source}:${subject}`),
  ).toMatchObject([{ checksum: md5(brochure) }]);
});
