import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pdf, startConnector, type Connector } from '../connector.ts';

let connector: Connector;
beforeAll(async () => {
  const secrets = [`whsec_${randomBytes(24).toString('base64')}`];
  connector = await startConnector({
    sources: { demo: { adapter: 'cloudevents', secrets, createTags: false } },
  });
});
afterAll(() => connector.stop());

const division = () => connector.showpad.divisions[0]?.id;
const upsert = (subject: string, metadata: Record<string, unknown> = {}) => ({
  type: 'asset.upsert',
  subject,
  data: {
    file: { url: connector.serve(`${subject}.pdf`, pdf(subject)), name: `${subject}.pdf` },
    metadata: { division: division(), ...metadata },
  },
});
const change = (subject: string, metadata: Record<string, unknown>) => ({
  type: 'asset.metadata',
  subject,
  data: { metadata },
});
const assetOf = (subject: string) => connector.assetsOf(subject)[0];
const tagEvent = (name: string) => ({
  type: 'tag.upsert',
  subject: `tag ${name}`,
  data: { name, division: division() },
});

describe('where a source makes no tags', () => {
  test('a tag that is there is found, and one that is not fails the job, not the rest', async () => {
    await connector.finish(tagEvent('Known'));
    expect(await connector.finish(upsert('known', { tags: ['Known'] }))).toMatchObject({ state: 'done' });
    const job = await connector.finish(upsert('unknown', { tags: ['Nowhere'], description: 'kept' }));
    expect(job).toMatchObject({ state: 'failed', error: { code: 'TAG_UNKNOWN' } });
    expect(job.error?.message).toContain('Nowhere');
    expect(assetOf('unknown')).toMatchObject({ status: 'active', description: 'kept', tags: [] });
    expect(connector.showpad.tags.some(({ name }) => name === 'Nowhere')).toBe(false);
  });

  test('several tags of one name are not guessed among', async () => {
    connector.showpad.switches.tagNameUniqueness = 'none';
    const { request } = await import('undici');
    for (let made = 0; made < 2; made += 1) {
      await request(`${connector.showpad.v4Url}/tags`, {
        method: 'POST',
        headers: { authorization: `Bearer ${connector.showpad.token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ name: 'Twice', division: { id: division() } }),
      });
    }
    const job = await connector.finish(upsert('ambiguous', { tags: ['Twice'] }));
    expect(job).toMatchObject({ state: 'failed', error: { code: 'TAG_AMBIGUOUS' } });
    for (const { id, name } of connector.showpad.tags) {
      if (name === 'Twice') expect(job.error?.message).toContain(id);
    }
  });
});

test('a tag is put into its category, which is made where it is missing', async () => {
  await connector.finish(tagEvent('Placed'));
  const tags = [{ name: 'Placed', category: 'Campaigns' }];
  expect(await connector.finish(upsert('placed', { tags }))).toMatchObject({ state: 'done', error: null });
  expect(await connector.finish(upsert('placed-too', { tags }))).toMatchObject({ state: 'done' });
  const categories = connector.showpad.tagCategories.filter(({ name }) => name === 'Campaigns');
  expect(categories).toHaveLength(1);
  const tag = connector.showpad.tags.find(({ name }) => name === 'Placed');
  expect(tag?.tagCategories).toEqual([{ id: categories[0]?.id }]);
});

test('localization links the variants of an asset', async () => {
  const [primary, variant] = [
    await connector.finish(upsert('english')),
    await connector.finish(upsert('german')),
  ];
  const localization = {
    primary: { asset: { id: primary.showpad.assetId } },
    variants: [{ asset: { id: variant.showpad.assetId } }],
  };
  expect(await connector.finish(change('english', { localization }))).toMatchObject({
    state: 'done',
    error: null,
  });
  const { request } = await import('undici');
  const answer = await request(`${connector.showpad.v4Url}/assets/${variant.showpad.assetId}`, {
    headers: { authorization: `Bearer ${connector.showpad.token}` },
  });
  expect(await answer.body.json()).toMatchObject({ localization });
});

test('a right that the Division does not allow is named in the job', async () => {
  const closed = connector.showpad.divisions.find(({ isAssetSharingEnabled }) => !isAssetSharingEnabled)?.id;
  const job = await connector.finish(upsert('shared', { division: closed, isDivisionShared: true }));
  expect(job).toMatchObject({ state: 'failed', error: { code: 'SHOWPAD_REJECTED' } });
  expect(job.error?.message).toContain('isDivisionShared');
  expect(assetOf('shared')).toMatchObject({ status: 'active', isDivisionShared: false });
});

test('an asset stays in its Division', async () => {
  await connector.finish(upsert('fixed'));
  const other = connector.showpad.divisions[1]?.id;
  const job = await connector.finish(change('fixed', { division: other, description: 'kept' }));
  expect(job).toMatchObject({ state: 'failed', error: { code: 'DIVISION_FIXED' } });
  expect(assetOf('fixed')).toMatchObject({ division: { id: division() }, description: 'kept' });
});
