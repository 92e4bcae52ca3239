import * as z from 'zod';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { EmulatedAsset } from '../../local/showpad/asset-resource.ts';
import { startShowpadEmulator, type ShowpadEmulator } from '../../local/showpad/showpad-emulator.ts';
import { assetOf, createShowpadCaller, only, until, upload } from '../showpad-caller.ts';

let showpad: ShowpadEmulator;
let caller: ReturnType<typeof createShowpadCaller>;
let primary: EmulatedAsset;
let dutch: EmulatedAsset;
let german: EmulatedAsset;

beforeEach(async () => {
  showpad = await startShowpadEmulator({
    users: [{ email: 'jo@example.com', id: 'jo' }],
    switches: { processingMs: 0 },
  });
  caller = createShowpadCaller(showpad);
  const tag = await caller.call('POST', '/tags', {
    body: { name: 'spring', division: { id: showpad.divisions[0]?.id } },
  });
  const tags = [z.object({ id: z.string() }).parse(tag.json)];
  primary = await caller.createAsset({ name: 'a.pdf', description: 'An asset', tags, externalId: 'demo:1' });
  dutch = await caller.createAsset({ name: 'b.pdf' });
  german = await caller.createAsset({ name: 'c.pdf' });
});

afterEach(() => showpad.close());

const assetSchema = z.object({
  localization: z
    .object({
      primary: z.object({ asset: z.object({ id: z.string() }) }),
      variants: z.array(z.object({ asset: z.object({ id: z.string() }).loose(), status: z.string() })),
    })
    .nullable(),
});

const french = { languages: [{ code: 'fr' }], countries: [{ code: 'FR' }] };
const link = ({ id }: EmulatedAsset, fields: object = {}) => ({ asset: { id, ...fields } });

async function localize(asset: EmulatedAsset, variants: readonly object[], of: EmulatedAsset = primary) {
  const body = { localization: { primary: link(of), variants } };
  return caller.call('POST', `/assets/${asset.id}`, { body });
}

async function read({ id }: EmulatedAsset) {
  const { localization } = assetSchema.parse((await caller.call('GET', `/assets/${id}`)).json);
  if (localization === null) return null;
  return {
    primary: localization.primary.asset.id,
    variants: localization.variants.map(({ asset, status }) => `${asset.id} ${status}`),
  };
}

describe('a localization', () => {
  test('is shown by the primary and by every variant, with the locales that were set', async () => {
    const answer = await localize(primary, [link(dutch, { languages: [{ code: 'nl' }] }), link(german)]);
    expect(answer).toMatchObject({
      status: 200,
      json: { localization: { variants: [{ asset: { languages: [{ code: 'nl' }] } }, {}] } },
    });
    const expected = {
      primary: primary.id,
      variants: [`${dutch.id} localized`, `${german.id} localized`],
    };
    for (const asset of [primary, dutch, german]) expect(await read(asset)).toEqual(expected);
    expect(dutch.languages).toEqual([{ code: 'nl' }]);
  });

  test('replaces the list of variants whole, also when it is set on a variant', async () => {
    await localize(primary, [link(dutch), link(german)]);
    await localize(german, [link(german)]);
    expect(await read(primary)).toEqual({ primary: primary.id, variants: [`${german.id} localized`] });
    expect(await read(dutch)).toBeNull();
  });

  test('is left alone by an update that does not name it', async () => {
    await localize(primary, [link(dutch)]);
    await caller.call('POST', `/assets/${primary.id}`, { body: { description: 'new' } });
    expect((await read(primary))?.variants).toEqual([`${dutch.id} localized`]);
  });

  test('null takes a variant out, and ends it on the primary', async () => {
    await localize(primary, [link(dutch), link(german)]);
    await caller.call('POST', `/assets/${dutch.id}`, { body: { localization: null } });
    expect(await read(dutch)).toBeNull();
    expect((await read(primary))?.variants).toEqual([`${german.id} localized`]);
    await caller.call('POST', `/assets/${primary.id}`, { body: { localization: null } });
    expect([await read(primary), await read(german)]).toEqual([null, null]);
  });

  test('ends with its primary', async () => {
    await localize(primary, [link(dutch)]);
    await caller.call('DELETE', `/assets/${primary.id}`);
    expect(await read(dutch)).toBeNull();
  });
});

describe('a placeholder', () => {
  const placeholder = async () => {
    await localize(primary, [{ asset: { ...french, authors: [{ id: 'jo' }] } }]);
    return assetOf(showpad, only(primary.localizationVariants).assetId);
  };

  test('has the properties of the primary with its own locales', async () => {
    const { tags } = primary;
    expect(await placeholder()).toMatchObject({
      name: 'a.pdf',
      description: 'An asset',
      tags,
      externalId: null,
      ...french,
      authors: [{ id: 'jo' }],
    });
    expect(primary.languages).toEqual([]);
  });

  test('is to be localized until it has a binary of its own', async () => {
    const asset = await placeholder();
    expect((await read(primary))?.variants).toEqual([`${asset.id} to-be-localized`]);
    await upload(await caller.createFile(asset.id), Buffer.from('%PDF-1.7'));
    await until(showpad, () => asset.status === 'active');
    expect((await read(primary))?.variants).toEqual([`${asset.id} localized`]);
  });

  test('stays the same when it is linked by its id and is made anew without', async () => {
    const asset = await placeholder();
    await localize(primary, [link(asset)]);
    expect((await read(primary))?.variants).toEqual([`${asset.id} to-be-localized`]);
    expect((await placeholder()).id).not.toBe(asset.id);
    expect(await read(asset)).toBeNull();
  });
});

describe('a localization is refused', () => {
  const refusals: Readonly<Record<string, () => Promise<{ status: number; json: unknown }>>> = {
    'localization.variants.1.asset.id': () => localize(primary, [link(dutch), { asset: { id: 'unknown' } }]),
    'localization.variants.0.asset.authors.0.id': () =>
      localize(primary, [link(dutch, { authors: [{ id: 'al' }] })]),
    'localization.variants.0': () => localize(primary, [{ asset: { languages: [{ code: 'fr' }] } }]),
    'localization.variants': () =>
      localize(
        primary,
        Array.from({ length: 51 }, () => ({ asset: french })),
      ),
    'localization.variants.0.asset.id': async () => {
      await localize(german, [link(dutch)], german);
      return localize(primary, [link(dutch)]);
    },
    localization: () => localize(german, [link(dutch)]),
    'localization.primary': () =>
      caller.call('POST', `/assets/${primary.id}`, { body: { localization: { variants: [] } } }),
  };

  test.each(Object.entries(refusals))('at %s', async (name, refuse) => {
    expect(await refuse()).toMatchObject({ status: 400, json: { meta: [{ name }] } });
    expect(await read(primary)).toBeNull();
    expect(showpad.assets).toHaveLength(3);
  });
});
