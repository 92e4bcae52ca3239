import { readFileSync } from 'node:fs';
import { createHmac } from 'node:crypto';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { eventSchemaFile } from '../../cli/event-schemas.ts';
import { eventDataSchemas, parseCloudEvent } from '../../lib/events.ts';
import { adapterOf, sourceSettings } from '../../lib/sources/adapters.ts';
import { mergeMappings, mappingSchema } from '../../lib/sources/mapping.ts';
import { parseSources } from '../../lib/sources/source-list.ts';
import { commonSettings, type Source } from '../../lib/sources/source.ts';
import { acmeAdapter, acmeSettings } from '../fixtures/example-adapter.ts';
import { deliveryOf } from '../unit/vendor-source.ts';
import { fencedBlocks } from './document-faults.ts';

const root = join(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const guide = read('docs/sources.md');
const samples = JSON.parse(read('samples/sources.json')) as Record<string, { adapter: string }>;
const sources = parseSources(read('samples/sources.json'));
const sourceNamed = (name: string): Source => {
  const source = sources.get(name);
  if (source === undefined) throw new Error(`There is no source ${name}.`);
  return source;
};
/** The blocks of JSON whose label says what they are of, by the last word of it. */
const labelled = (kind: string): [string, unknown][] =>
  [...guide.matchAll(new RegExp(`^\`\`\`json ${kind} (\\S+)\\n([^]*?)^\`\`\`$`, 'gm'))].map(
    ([, name = '', text = '']) => [name, JSON.parse(text)],
  );

describe('the sources of the guide', () => {
  it('are those of samples/sources.json, one for each adapter', () => {
    expect(Object.fromEntries(labelled('source'))).toEqual(samples);
    const adapters = Object.values(samples).map(({ adapter }) => adapter);
    const refusal = sourceSettings.safeParse({ adapter: 'none' }).error?.issues[0]?.message;
    expect(`must be one of ${adapters.join(', ')}`).toBe(refusal);
  });

  it.each([
    ...labelled('source-of-the-queue'),
    ...labelled('source-of-the-topic'),
    ...labelled('source-of-the-inbox'),
  ])('%s can be set up as %j', (name, settings) => {
    expect([...parseSources(JSON.stringify({ [name]: settings })).keys()]).toEqual([name]);
  });

  it('have all settings told that every source has, with their defaults', () => {
    const table = [...guide.matchAll(/^\| `(\w+)` +\| (.+?) +\|/gm)].map(
      ([, name = '', value]) => [name, value] as const,
    );
    const told = new Map(table);
    for (const [name, schema] of Object.entries(commonSettings)) {
      expect([name, told.has(name)]).toEqual([name, true]);
      const standard: unknown = schema.safeParse(undefined).data;
      if (typeof standard === 'string' || typeof standard === 'boolean')
        expect(told.get(name)).toBe(`\`${standard}\``);
      if (typeof standard === 'number') expect(told.get(name)).toBe(String(standard));
    }
  });

  it.each(['contentful', 'bynder', 'cloudinary', 'aem', 'pim'])(
    'of %s read their sample payload as an upsert',
    (name) => {
      const headers =
        name === 'contentful'
          ? (JSON.parse(read('samples/payloads/contentful.headers.json')) as Record<string, string>)
          : {};
      const source = sourceNamed(name);
      const payload = {
        headers,
        body: Buffer.from(read(`samples/payloads/${name}.json`)),
        receivedAt: new Date(),
      };
      expect(adapterOf(source).translate(source, payload)).toMatchObject({
        kind: 'events',
        events: [{ type: 'asset.upsert' }],
      });
    },
  );

  it.each(labelled('mapping'))('of %s can be mapped as %j', (_name, mapping) => {
    expect(mergeMappings({}, mappingSchema.parse(mapping)).metadata).toMatchObject({ description: null });
  });
});

describe('the events of the guide', () => {
  it('are understood', () => {
    const [text = ''] = fencedBlocks(guide, 'json event');
    expect(parseCloudEvent(JSON.parse(text), new Date())).toHaveProperty('event.type', 'asset.upsert');
  });

  it('have a schema each, linked by their type', () => {
    for (const type of Object.keys(eventDataSchemas)) {
      const file = eventSchemaFile(type).replace('docs/', '');
      expect(guide).toMatch(new RegExp(`\\| \`${type}\` +\\| \\[[\\w.-]+\\]\\(${file}\\) +\\|`));
    }
  });

  it('of EventBridge have the data of ours in their detail', () => {
    const [text = ''] = fencedBlocks(guide, 'json event-bridge');
    const { DetailType, Detail } = JSON.parse(text) as { DetailType: 'asset.upsert'; Detail: string };
    const { subject: _subject, time: _time, ...data } = JSON.parse(Detail) as Record<string, unknown>;
    expect(eventDataSchemas[DetailType].safeParse(data).error).toBeUndefined();
  });
});

describe('the adapter of the guide', () => {
  it('is the one that is checked here', () => {
    const [text = ''] = fencedBlocks(guide, 'ts');
    const moved = text.replaceAll("'../", "'../../lib/").replaceAll("'./", "'../../lib/sources/");
    expect(moved).toBe(read('test/fixtures/example-adapter.ts'));
  });

  const secret = 'a secret of sixteen or more';
  const source = { ...acmeSettings.parse({ adapter: 'acme', secrets: [secret] }), name: 'acme' };
  const asset = {
    key: 'a-1',
    link: 'https://acme.example/a.pdf',
    filename: 'a.pdf',
    title: 'A',
    keywords: ['b'],
  };
  const body = JSON.stringify({ id: '1', action: 'published', at: '2026-01-01T00:00:00Z', asset });
  const sign = (text: string) => createHmac('sha256', secret).update(text).digest('hex');

  it('believes what is signed, and nothing else', () => {
    const verify = (signature?: string) =>
      acmeAdapter.verify(source, deliveryOf(body, { 'x-acme-signature': signature }));
    expect(verify(sign(body))).toBeNull();
    expect(verify(sign(`${body} `))).toMatch(/not accepted/);
    expect(verify()).toMatch(/must be there/);
  });

  it('reads what has happened, ignores what means nothing here, and keeps what it cannot read', () => {
    const translate = (text: string) => acmeAdapter.translate(source, deliveryOf(text));
    expect(translate(body)).toMatchObject({
      kind: 'events',
      events: [
        {
          type: 'asset.upsert',
          subject: 'a-1',
          data: { file: { url: asset.link }, metadata: { name: 'A.pdf', tags: ['b'] } },
        },
      ],
    });
    expect(translate(body.replace('published', 'viewed'))).toMatchObject({
      events: [{ ignoredType: 'viewed' }],
    });
    expect(translate('{}')).toMatchObject({ kind: 'unreadable', faults: [{ field: 'id' }, {}, {}, {}] });
  });
});
