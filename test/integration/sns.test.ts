import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { md5, pdf, type JobView } from '../connector.ts';
import { believeTopic, createSnsTopic, fromSns, type SnsFields } from '../sns-topic.ts';
import { startVendorConnector, type VendorConnector } from '../vendor-connector.ts';

const topic = createSnsTopic('arn:aws:sns:eu-west-1:123456789012:bynder-portal');
let rig: VendorConnector;
beforeAll(async () => {
  rig = await startVendorConnector();
  believeTopic(topic);
});
afterAll(() => rig.stop());

const deliver = (message: SnsFields): Promise<JobView[]> => rig.deliver(fromSns('/events/bynder', message));
let clock = Date.now() - 3_600_000;
/** Bynder's notifications, a minute after each other. */
const told = (id: string, what: string, more: object = {}): SnsFields => {
  clock += 60_000;
  return topic.notify(
    { media_id: id },
    { Subject: `asset_bank.media.${what}`, Timestamp: new Date(clock).toISOString(), ...more },
  );
};

describe('Bynder over SNS', () => {
  test('a subscription is confirmed, and from then on every change of a media reaches Showpad', async () => {
    const [first, second] = [pdf('first edition'), pdf('second edition')];
    const question = topic.confirmation();
    expect(await deliver(question)).toEqual([]);
    expect(topic.asked.at(-1)).toBe(question['SubscribeURL']);

    rig.vendor.playPortal('m-1', first);
    const created = told('m-1', 'create');
    expect(await deliver(created)).toMatchObject([{ type: 'asset.upsert', state: 'done', error: null }]);
    const assets = () => rig.assetsOf('bynder:m-1');
    expect(assets()).toMatchObject([
      { name: 'Flow 200 brochure.pdf', checksum: md5(first), isArchived: false },
    ]);

    rig.vendor.playPortal('m-1', second, { name: 'Flow 200 brochure, second edition' });
    expect(await deliver(told('m-1', 'updated'))).toMatchObject([{ state: 'done', error: null }]);
    expect(assets()).toMatchObject([
      { name: 'Flow 200 brochure, second edition.pdf', checksum: md5(second), isArchived: false },
    ]);

    // Bynder tells of the change of metadata in the same moment, in no order.
    const archived = told('m-1', 'archived');
    const changed = told('m-1', 'meta_updated', { Timestamp: archived['Timestamp'] });
    await deliver(archived);
    await deliver(changed);
    expect(assets()).toMatchObject([{ isArchived: true }]);

    const uploads = rig.uploads();
    expect(await deliver(told('m-1', 'deleted'))).toMatchObject([{ type: 'asset.delete', state: 'done' }]);
    expect(assets()).toMatchObject([{ isArchived: true, checksum: md5(second) }]);

    // What was first comes once more, as SNS may send everything twice.
    expect(await deliver(created)).toMatchObject([{ type: 'asset.upsert', state: 'done' }]);
    expect(assets()).toMatchObject([{ isArchived: true, checksum: md5(second) }]);
    expect(rig.uploads()).toBe(uploads);
    expect(topic.asked.filter((url) => url === topic.certificateUrl)).toHaveLength(1);
  });

  test('many deliveries of one message at the same time are one job and one upload', async () => {
    rig.vendor.playPortal('m-2', pdf('once'));
    const before = rig.uploads();
    const message = told('m-2', 'create');
    const jobs = await Promise.all([1, 2, 3, 4].map(() => deliver(message)));
    expect(new Set(jobs.flat().map(({ id }) => id)).size).toBe(1);
    expect(rig.assetsOf('bynder:m-2')).toHaveLength(1);
    expect(rig.uploads()).toBe(before + 1);
  });

  test('a notification that cannot be read is kept, and the topic of another is refused', async () => {
    const [parked] = await deliver(
      topic.notify('no JSON', { Subject: 'asset_bank.media.create', MessageId: randomUUID() }),
    );
    expect(parked).toMatchObject({ state: 'failed', error: { code: 'PAYLOAD_UNREADABLE' } });
    const others = createSnsTopic('arn:aws:sns:eu-west-1:999999999999:bynder-portal');
    const { path, body, headers } = fromSns('/events/bynder', others.notify({ media_id: 'm-3' }));
    expect(await rig.connector.post(path, body, headers)).toMatchObject({
      status: 401,
      body: { detail: expect.stringMatching(/another topic/) },
    });
  });

  test('what is posted without SNS is refused, and told where Bynder has to send it', async () => {
    const answer = await rig.connector.post('/events/bynder', '{}', {});
    expect(answer).toMatchObject({
      status: 401,
      body: { detail: expect.stringMatching(/subscribe this address to its SNS topic/) },
    });
  });
});
