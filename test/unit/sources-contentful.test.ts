import { describe, expect, it } from 'vitest';
import {
  archivedAsset,
  deletedAsset,
  publishedAsset,
  signedRequests,
} from '../fixtures/vendors/contentful.ts';
import { deliveryOf, eventsOf, faultsOf, sourceOf, translate, verify } from './vendor-source.ts';

const settings = { adapter: 'contentful', secrets: [signedRequests.secret] };
const source = sourceOf(settings);
const topic = (action: string, entity = 'Asset') => ({
  'x-contentful-topic': `ContentManagement.${entity}.${action}`,
});

function signed(
  path: keyof typeof signedRequests.signatures,
  headers: Record<string, string> = {},
  body = signedRequests.body,
) {
  return deliveryOf(
    body,
    {
      ...signedRequests.headers,
      'x-contentful-signature': signedRequests.signatures[path],
      'x-contentful-signed-headers': signedRequests.signedHeaders,
      'x-contentful-timestamp': signedRequests.timestamp,
      ...headers,
    },
    { path, receivedAt: new Date(Number(signedRequests.timestamp) + 1_000) },
  );
}

describe("Contentful's request verification", () => {
  it.each(Object.keys(signedRequests.signatures) as (keyof typeof signedRequests.signatures)[])(
    "believes what Contentful's own toolkit signs for %s",
    (path) => {
      expect(verify(source, signed(path))).toBeNull();
    },
  );

  it('believes with the second secret of two, and never with a stranger', () => {
    const other = 'cd'.repeat(32);
    // Contentful takes every character of base64.
    expect(sourceOf({ ...settings, secrets: ['+/=_-a1Z'.repeat(8)] }).secrets).toHaveLength(1);
    const both = sourceOf({ ...settings, secrets: [other, signedRequests.secret] });
    expect(verify(both, signed('/events/contentful'))).toBeNull();
    expect(verify(sourceOf({ ...settings, secrets: [other] }), signed('/events/contentful'))).toMatch(
      /not accepted/,
    );
  });

  it.each([
    ['another path', { ...signed('/events/contentful'), path: '/events/other' }],
    [
      'another query',
      { ...signed('/events/contentful?a=1&b=x%20y'), path: '/events/contentful?b=x%20y&a=1' },
    ],
    ['another method', { ...signed('/events/contentful'), method: 'PUT' }],
    ['another body', signed('/events/contentful', {}, signedRequests.body.replace('Größe', 'Grösse'))],
    ['another topic', signed('/events/contentful', topic('delete'))],
    ['another timestamp', signed('/events/contentful', { 'x-contentful-timestamp': '1603379941038' })],
  ])('does not believe %s', (_what, delivery) => {
    expect(verify(source, delivery)).toBe('The signature was not accepted: no matching signature found.');
  });

  it.each([
    ['a header that is not there', { 'x-contentful-signature': '' }, /must all be there/],
    ['a timestamp that is none', { 'x-contentful-timestamp': 'soon' }, /Unix milliseconds/],
    ['an old timestamp', { 'x-contentful-timestamp': '1603379000000' }, /seconds off our clock/],
    [
      'a topic that is not signed',
      { 'x-contentful-signed-headers': 'x-contentful-signed-headers,x-contentful-timestamp' },
      /must list x-contentful-topic/,
    ],
    ['very many signed headers', { 'x-contentful-signed-headers': 'a,'.repeat(60) }, /too many/],
  ])('says what is wrong with %s', (_what, headers, message) => {
    expect(verify(source, signed('/events/contentful', headers))).toMatch(message);
  });
});

describe("Contentful's topics", () => {
  const file = {
    url: 'https://images.ctfassets.net/cfexampleapi/4gp6taAwW4CmSgumq2ekUm/9da0cd1936871b8d72343e895a00d611/Nyan_cat_250px_frame.png',
    name: 'Nyan_cat_250px_frame.png',
    mediaType: 'image/png',
    size: 12_273,
  };

  it('publish brings the file and what is known of it, in the order of its time', () => {
    const id = 'master:ContentManagement.Asset.publish:nyancat:2013-09-02T14:56:34.240Z';
    const data = { file, metadata: { name: 'Nyan Cat.png', tags: ['nyCampaign'] } };
    const event = {
      id,
      subject: 'nyancat',
      time: '2013-09-02T14:56:34.240000000Z',
      type: 'asset.upsert',
      data,
    };
    expect(eventsOf(source, publishedAsset, topic('publish'))).toEqual([event]);
  });

  it('another locale is taken where the source names it, and the first there is where it has no file', () => {
    const german = sourceOf({ ...settings, locale: 'de-DE' });
    const data = { file, metadata: { name: 'Nyan-Katze.png', tags: ['nyCampaign'] } };
    expect(eventsOf(german, publishedAsset, topic('publish'))).toMatchObject([{ data }]);
  });

  it.each([
    ['unpublish', deletedAsset, 'asset.archive', '2013-09-09T16:17:12.600000000Z'],
    ['delete', deletedAsset, 'asset.delete', '2013-09-09T16:17:12.600000000Z'],
    ['archive', archivedAsset, 'asset.archive', '2013-09-10T08:00:00.000000000Z'],
  ])('%s', (action, body, type, time) => {
    expect(eventsOf(source, body, topic(action))).toMatchObject([{ subject: body.sys.id, type, time }]);
  });

  it.each([
    ['what is saved but not published', publishedAsset, topic('save')],
    ['what is taken out of the archive: it is a draft still', archivedAsset, topic('unarchive')],
    ['entries', publishedAsset, topic('publish', 'Entry')],
    [
      'other environments',
      { ...publishedAsset, sys: { ...publishedAsset.sys, environment: { sys: { id: 'staging' } } } },
      topic('publish'),
    ],
  ])('ignores %s', (_what, body, headers) => {
    expect(eventsOf(source, body, headers)).toMatchObject([
      { type: 'ignored', ignoredType: headers['x-contentful-topic'] },
    ]);
  });

  it.each<[string, unknown, object, string[]]>([
    ['no JSON', 'hello', topic('publish'), ['(body) is not JSON']],
    ['no sys', {}, topic('publish'), ['sys is missing']],
    ['no topic', publishedAsset, {}, ['x-contentful-topic is missing or none']],
    [
      'no time',
      { ...publishedAsset, sys: { ...publishedAsset.sys, updatedAt: undefined } },
      topic('publish'),
      ['sys.updatedAt is missing'],
    ],
    [
      'a file that is not processed yet',
      {
        ...publishedAsset,
        fields: { file: { 'en-US': { upload: 'https://a.example/a.png', fileName: 'a.png' } } },
      },
      topic('publish'),
      ['data.file.url is missing (from nothing at fields.file.{locale}.url, fields.file.*.url)'],
    ],
    [
      'a title with a line break',
      { ...publishedAsset, fields: { ...publishedAsset.fields, title: { 'en-US': 'a\nb' } } },
      topic('publish'),
      ['data.metadata.name must not hold line breaks or control characters (from fields.title.en-US)'],
    ],
  ])('cannot be read with %s', (_what, body, headers, faults) => {
    expect(faultsOf(source, body, { ...headers })).toEqual(faults);
  });

  it('keeps the subject of what cannot be read', () => {
    const broken = { ...publishedAsset, fields: {} };
    expect(translate(source, broken, topic('publish'))).toMatchObject({
      kind: 'unreadable',
      subject: 'nyancat',
    });
  });
});
