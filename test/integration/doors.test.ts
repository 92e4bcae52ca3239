import { afterAll, beforeAll, expect, test } from 'vitest';
import type { DesiredState } from '../../lib/desired-state.ts';
import { getServices } from '../../lib/services.ts';
import type { EmulatedAsset } from '../../local/showpad/asset-resource.ts';
import { md5, pdf, startConnector, type Connector } from '../connector.ts';
import { doors, doorSecret, signedTopic, type DoorEvent } from '../doors.ts';
import { believeTopic } from '../sns-topic.ts';

const division = '0123456789abcdef0123456789abcdef';
const subject = 'brochures/flow 200.pdf';
const brochure = pdf('of every door');
let connector: Connector;
beforeAll(async () => {
  connector = await startConnector({
    showpadEmulator: {
      divisions: [{ name: 'Marketing', id: division }],
      users: [{ email: 'jo@example.com' }],
    },
    sources: Object.fromEntries(
      doors.map(({ source, settings }) => [
        source,
        { adapter: 'cloudevents', secrets: [doorSecret], division, ...settings },
      ]),
    ),
  });
  believeTopic(signedTopic);
});
afterAll(() => connector.stop());

/** Brings an event to every door, and waits until nothing is left to do. */
async function bring(event: Omit<DoorEvent, 'subject'>): Promise<void> {
  await Promise.all(doors.map((door) => door.bring(connector, { ...event, subject })));
  await connector.stack.settled(55_000);
}

async function desiredOf(source: string): Promise<DesiredState> {
  const asset = await getServices().assets.get(`${source}:${subject}`);
  if (asset === null) throw new Error(`Nothing has come by the door of ${source}.`);
  return asset.desired;
}

/** What is wanted, without what says when it was. */
function withoutOrders(value: unknown): unknown {
  const text = JSON.stringify(value, (key, item: unknown) => (key === 'order' ? undefined : item));
  return JSON.parse(text);
}

/** An asset as people in Showpad have it, without what every asset has of its own. */
function contentOf(source: string): unknown {
  const [asset, ...others] = connector.showpad.assets.filter(
    ({ externalId }) => externalId === `${source}:${subject}`,
  );
  if (asset === undefined || others.length > 0) throw new Error(`${source} has not brought one asset.`);
  const { files, ...shown } = asset;
  const own = [
    'id',
    'slug',
    'externalId',
    'createdAt',
    'updatedAt',
    'lastUploadedAt',
    'currentFile',
    'listedFromMs',
    'archivedAt',
  ];
  return {
    ...Object.fromEntries(Object.entries<unknown>(shown).filter(([name]) => !own.includes(name))),
    files: files.map(({ name, status, contentMD5, uploads }: EmulatedAsset['files'][number]) => ({
      name,
      status,
      contentMD5,
      uploads: uploads.map(({ sha256, size, contentType }) => ({ sha256, size, contentType })),
    })),
  };
}

/** Every door's state and asset are the same, and as they should be. */
async function expectSame(asset: object): Promise<void> {
  const [first] = doors;
  if (first === undefined) throw new Error('There is no door.');
  const wanted = await desiredOf(first.source);
  expect(contentOf(first.source)).toMatchObject(asset);
  for (const { source, tellsOrder } of doors) {
    const desired = await desiredOf(source);
    if (tellsOrder) expect(desired, source).toEqual(wanted);
    expect(withoutOrders(desired), source).toEqual(withoutOrders(wanted));
    expect(contentOf(source), source).toEqual(contentOf(first.source));
  }
}

test('the same events come to the same, by whatever door', async () => {
  const metadata = {
    name: 'Flow 200',
    description: 'All of it\nin two lines',
    tags: ['brochure', { name: 'flow', category: 'Products' }, 'old'],
    languages: ['en', 'de'],
    countries: ['DE', 'GB'],
    authors: ['jo@example.com'],
    permissions: { isShareable: false, isAnnotatable: true },
    isProcessedUsed: false,
    isSensitive: true,
    isRenderExternalAllowed: true,
    isOnlyEntireDocumentShareable: true,
    isSpeakerNotesEnabled: true,
    lockedPages: [{ start: 1, end: 2 }],
    enforcedPages: { prepend: [{ start: 1, end: 1 }], append: null },
    downloadableInternal: ['original', 'pdf'],
    downloadableExternal: [],
    expiresAt: '2099-01-01T00:00:00.000Z',
    releasedAt: '2026-01-01T01:00:00+01:00',
  };
  const url = connector.serve('flow.pdf', brochure);
  const file = { url, name: 'Flow 200.pdf', mediaType: 'application/pdf', md5: md5(brochure) };
  const at = (milliseconds: number) => `2026-03-01T09:00:00.${milliseconds}Z`;
  await bring({ id: 'event-1', type: 'asset.upsert', time: at(100), data: { file, metadata } });
  await expectSame({
    description: metadata.description,
    isSensitive: true,
    countries: [{ code: 'DE' }, { code: 'GB' }],
    isArchived: false,
    files: [{ uploads: [{ size: brochure.length }] }],
  });

  const change = {
    metadata: { name: 'Flow 200, new', description: null, countries: [] },
    tags: { add: ['new'], remove: ['old'] },
  };
  await bring({ id: 'event-2', type: 'asset.metadata', time: at(101), data: change });
  await expectSame({ name: 'Flow 200, new', description: null, isSensitive: true, countries: [] });

  await bring({ id: 'event-3', type: 'asset.archive', time: at(102), data: {} });
  await expectSame({ name: 'Flow 200, new', isArchived: true });
  expect(await connector.stack.deadLetters()).toEqual([]);
});
