import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  deletion,
  displayNameChanged,
  rename,
  sha256Vector,
  signatureVectors,
  tagsChanged,
  upload,
} from '../fixtures/vendors/cloudinary.ts';
import { deliveryOf, eventsOf, faultsOf, sourceOf, verify } from './vendor-source.ts';

const secret = 'X7qLTrsES31MzxxkxPPA-pAGGfU';
const settings = { adapter: 'cloudinary', secrets: [secret] };
const source = sourceOf(settings);

function signed(body: string, timestamp: string, signature: string, laterSeconds = 60) {
  return deliveryOf(
    body,
    { 'x-cld-timestamp': timestamp, 'x-cld-signature': signature },
    { receivedAt: new Date((Number(timestamp) + laterSeconds) * 1_000) },
  );
}

describe("Cloudinary's signature", () => {
  it.each(signatureVectors)("is believed as Cloudinary's own SDKs make it, with $algorithm", (vector) => {
    const { body, timestamp, signature } = vector;
    expect(verify(source, signed(body, timestamp, signature))).toBeNull();
    expect(verify(source, signed(body.replace('1055', '1056'), timestamp, signature))).toMatch(
      /not accepted/,
    );
    expect(verify(source, signed(body, '1549533515', signature))).toMatch(/not accepted/);
  });

  it('is what the SDKs publish for SHA-256', () => {
    expect(createHash('sha256').update('{}').update('0').update('someApiSecret').digest('hex')).toBe(
      sha256Vector,
    );
    const timestamp = '1549533514';
    const digest = createHash('sha256').update(`{}${timestamp}${secret}`).digest('hex');
    const strict = sourceOf({ ...settings, algorithm: 'sha256' });
    expect(verify(strict, signed('{}', timestamp, digest))).toBeNull();
    // Neither algorithm passes for the other.
    expect(verify(source, signed('{}', timestamp, digest))).toMatch(/not accepted/);
    const sha1 = createHash('sha1').update(`{}${timestamp}${secret}`).digest('hex');
    expect(verify(strict, signed('{}', timestamp, sha1))).toMatch(/not accepted/);
  });

  it('is not believed two hours later, nor without its headers', () => {
    const [{ body, timestamp, signature }] = signatureVectors;
    expect(verify(source, signed(body, timestamp, signature, 7_200))).toBeNull();
    expect(verify(source, signed(body, timestamp, signature, 7_201))).toMatch(/7201 seconds off our clock/);
    expect(verify(source, deliveryOf(body, { 'x-cld-timestamp': timestamp }))).toMatch(/must both be there/);
    expect(
      verify(source, deliveryOf(body, { 'x-cld-timestamp': 'x', 'x-cld-signature': signature })),
    ).toMatch(/Unix/);
  });
});

describe("Cloudinary's notifications", () => {
  const file = {
    url: 'https://res.cloudinary.com/demo/image/upload/v1608120578/sample.jpg',
    name: 'jeans-1421398-1279x852.jpg',
    size: 380_250,
    md5: '0b40494da087cba7092d29c58aede2e2',
  };

  it('upload brings the file with its size and MD5', () => {
    const event = {
      id: expect.stringMatching(/^upload-[0-9a-f]{32}-0$/),
      subject: 'image/upload/sample',
      time: '2020-12-16T12:09:39.000000000Z',
      type: 'asset.upsert',
      data: { file, metadata: { tags: ['jeans'] } },
    };
    expect(eventsOf(source, upload)).toEqual([event]);
  });

  it('context and folders are taken where they are', () => {
    const body = {
      ...upload,
      public_id: 'shop/summer/sample',
      original_filename: undefined,
      context: { custom: { caption: 'Jeans', alt: 'A pair of jeans' } },
    };
    const metadata = { name: 'Jeans.jpg', description: 'A pair of jeans', tags: ['jeans'] };
    expect(eventsOf(source, body)).toMatchObject([
      { subject: 'image/upload/shop/summer/sample', data: { file: { name: 'sample.jpg' }, metadata } },
    ]);
  });

  it('delete takes each of its assets away, at the time that was signed', () => {
    const headers = { 'x-cld-timestamp': '1608120700' };
    const time = '2020-12-16T12:11:40.000000000Z';
    expect(eventsOf(source, deletion, headers)).toMatchObject([
      { subject: 'image/upload/sample', type: 'asset.delete', time },
      { subject: 'video/upload/sample2', type: 'asset.delete', time },
    ]);
  });

  it('tags are added and removed one by one, and what did not change is ignored', () => {
    expect(eventsOf(source, tagsChanged)).toMatchObject([
      {
        subject: 'image/upload/sample',
        type: 'asset.metadata',
        data: { tags: { add: ['blue'], remove: ['red'] } },
      },
      { subject: 'image/upload/sample2', type: 'ignored' },
    ]);
  });

  it.each([
    ['eager transformations', { notification_type: 'eager', public_id: 'dog' }, 'image/upload/dog'],
    ['what is told by public id', displayNameChanged, 'image/upload/blue_sweater'],
    ['folders', { notification_type: 'create_folder', folder_path: 'a' }, 'create_folder'],
  ])('ignores %s', (_what, body, subject) => {
    expect(eventsOf(source, body)).toMatchObject([
      { type: 'ignored', ignoredType: body.notification_type, subject },
    ]);
  });

  it('a rename changes nothing for assets that are known by their asset id', () => {
    const byAssetId = sourceOf({ ...settings, subject: 'asset_id' });
    expect(eventsOf(byAssetId, upload)).toMatchObject([{ subject: upload.asset_id }]);
    expect(eventsOf(byAssetId, rename)).toMatchObject([{ subject: upload.asset_id, type: 'ignored' }]);
  });

  it('a rename moves assets that are known by their public id, where it says where the file is', () => {
    expect(eventsOf(source, { ...upload, ...rename, public_id: 'example' })).toMatchObject([
      { subject: 'image/upload/sample', type: 'asset.delete' },
      { subject: 'image/upload/example', type: 'asset.upsert', data: { file } },
    ]);
    expect(faultsOf(source, rename)).toEqual([
      expect.stringMatching(/^secure_url is missing: a rename says nothing/),
    ]);
  });

  it('sent again has the same ids', () => {
    expect(eventsOf(source, upload)).toEqual(eventsOf(source, upload));
    expect(eventsOf(source, { ...upload, version: 2 })[0]?.id).not.toBe(eventsOf(source, upload)[0]?.id);
  });

  it.each<[string, unknown, string[]]>([
    ['no JSON', 'x', ['(body) is not JSON']],
    ['no type', {}, ['notification_type is missing']],
    [
      'no file',
      { ...upload, secure_url: undefined, url: undefined },
      ['data.file.url is missing (from nothing at secure_url, url)'],
    ],
    [
      'an etag that is no MD5',
      { ...upload, etag: 'W/1' },
      ['data.file.md5 must be 32 lower-case hex digits (from etag)'],
    ],
    ['no public id', { ...upload, public_id: undefined }, ['subject is missing']],
  ])('cannot be read with %s', (_what, body, faults) => {
    expect(faultsOf(source, body)).toEqual(faults);
  });
});
