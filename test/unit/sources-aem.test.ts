import { generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { isSignedByAdobe } from '../../lib/sources/adobe-signature.ts';
import { author, clientId, deleted, metadataUpdated, processingCompleted } from '../fixtures/vendors/aem.ts';
import { deliveryOf, eventsOf, faultsOf, sourceOf, verify } from './vendor-source.ts';

const newKeys = () => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
  return { privateKey, pem: publicKey.export({ type: 'spki', format: 'pem' }) };
};
const [first, second, stranger] = [newKeys(), newKeys(), newKeys()];
const settings = { adapter: 'aem', clientId, author };
const source = sourceOf({ ...settings, publicKeys: [first.pem] });
const body = JSON.stringify(processingCompleted);
const signatureOf = (text: string, { privateKey } = first) =>
  sign('sha256', Buffer.from(text), privateKey).toString('base64');
const headersOf = (text = body, one = first, two = second) => ({
  'x-adobe-digital-signature-1': signatureOf(text, one),
  'x-adobe-digital-signature-2': signatureOf(text, two),
  'x-adobe-public-key1-path': '/prod/keys/pub-key-lyTiz3gQe4.pem',
  'x-adobe-public-key2-path': '/prod/keys/pub-key-kruhWwu4Or.pem',
});

describe("Adobe's signature", () => {
  it('is believed when either key made it, and the event is for our client', async () => {
    expect(await verify(source, deliveryOf(body, headersOf()))).toBeNull();
    expect(await verify(source, deliveryOf(body, headersOf(body, stranger, first)))).toBeNull();
    expect(await verify(source, deliveryOf(body, headersOf(body, stranger, stranger)))).toMatch(
      /not accepted/,
    );
    expect(await verify(source, deliveryOf(body.replace('png', 'pdf'), headersOf()))).toMatch(/not accepted/);
    expect(await verify(source, deliveryOf(body))).toMatch(/must be there/);
  });

  it('of an event for somebody else is of no use', async () => {
    const others = JSON.stringify({ ...processingCompleted, recipient_client_id: 'somebody else' });
    expect(await verify(source, deliveryOf(others, headersOf(others)))).toMatch(/another client is meant/);
    const cloudEvent = JSON.stringify({
      ...processingCompleted,
      recipient_client_id: undefined,
      recipientclientid: clientId,
    });
    expect(await verify(source, deliveryOf(cloudEvent, headersOf(cloudEvent)))).toBeNull();
  });

  it('is checked with the keys at their paths of one host, each fetched once', async () => {
    const asked: string[] = [];
    const readKey = (url: string) => {
      asked.push(url);
      return Promise.resolve(url.includes('lyTiz3gQe4') ? first.pem.toString() : null);
    };
    const check = (headers: Record<string, string>) =>
      isSignedByAdobe(headers, Buffer.from(body), undefined, readKey);
    expect(await check(headersOf())).toBeNull();
    expect(await check(headersOf())).toBeNull();
    expect(asked).toEqual(['https://static.adobeioevents.com/prod/keys/pub-key-lyTiz3gQe4.pem']);
    // A key that is not there is not asked for again and again.
    expect(await check(headersOf(body, stranger, second))).toMatch(/not accepted/);
    expect(await check(headersOf(body, stranger, second))).toMatch(/not accepted/);
    expect(asked.slice(1)).toEqual(['https://static.adobeioevents.com/prod/keys/pub-key-kruhWwu4Or.pem']);
  });

  it.each([
    'https://evil.example/key.pem',
    '//evil.example/prod/keys/pub-key-a.pem',
    '@evil.example/prod/keys/pub-key-a.pem',
    '/prod/keys/../../pub-key-a.pem',
    '/prod/keys/pub-key-a.pem?x',
    '',
  ])('is never checked with a key from %j', async (path) => {
    const headers = { ...headersOf(), 'x-adobe-public-key1-path': path, 'x-adobe-public-key2-path': path };
    const readKey = () => Promise.reject(new Error('It was asked for.'));
    expect(await isSignedByAdobe(headers, Buffer.from(body), undefined, readKey)).toMatch(/not accepted/);
  });

  it('is not judged while the keys cannot be had', async () => {
    const headers = { ...headersOf(), 'x-adobe-public-key1-path': '/prod/keys/pub-key-unreachable.pem' };
    const readKey = () => Promise.reject(new Error('down'));
    await expect(isSignedByAdobe(headers, Buffer.from(body), undefined, readKey)).rejects.toThrow('down');
  });
});

describe("AEM's events", () => {
  const subject = processingCompleted.data.assetId;
  const name = 'Screenshot 2025-05-28 at 5.05.48 PM.png';

  it('a processed asset is asked for at its path', () => {
    const delayed = sourceOf({ ...settings, delaySeconds: 30 });
    const requested = {
      request: `${author}/content/dam/agency%20work/${encodeURIComponent(name)}`,
      name,
      mediaType: 'image/png',
      size: 669_044,
    };
    const event = {
      id: processingCompleted.id,
      subject,
      time: '2025-08-29T06:57:54.141000000Z',
      type: 'asset.upsert',
    };
    expect(eventsOf(source, processingCompleted)).toEqual([{ ...event, data: { requested } }]);
    expect(eventsOf(delayed, processingCompleted)).toMatchObject([
      { data: { requested: { ...requested, notBefore: '2025-08-29T06:58:24.141Z' } } },
    ]);
  });

  it('changed metadata and a deleted asset are told as such', () => {
    const metadata = { name: 'The screen', tags: ['editorial', 'photography'] };
    expect(eventsOf(source, metadataUpdated)).toMatchObject([
      { subject, type: 'asset.metadata', data: { metadata } },
    ]);
    expect(eventsOf(source, deleted)).toMatchObject([{ subject, type: 'asset.delete' }]);
  });

  const withRepository = (more: object) => ({
    ...processingCompleted,
    data: {
      assetId: subject,
      repositoryMetadata: { ...processingCompleted.data.repositoryMetadata, ...more },
    },
  });

  it.each([
    [
      'what has only been created: it is being processed',
      { ...processingCompleted, type: 'aem.assets.asset.created' },
    ],
    [
      'metadata of which none is mapped',
      { ...processingCompleted, type: 'aem.assets.asset.metadata_updated' },
    ],
    ['other instances', withRepository({ 'repo:repositoryId': 'author-p1-e1.adobeaemcloud.com' })],
  ])('ignores %s', (_what, event) => {
    expect(eventsOf(source, event)).toMatchObject([{ type: 'ignored', ignoredType: event.type }]);
  });

  it.each<[string, unknown, string[]]>([
    ['no event', {}, ['id is missing', 'type is missing', 'time is missing', 'data is missing']],
    [
      'no path',
      withRepository({ 'repo:path': undefined }),
      ['data.repositoryMetadata["repo:path"] is missing'],
    ],
    ['no asset', { ...deleted, data: {} }, ['subject is missing']],
  ])('cannot be read with %s', (_what, event, faults) => {
    expect(faultsOf(source, event)).toEqual(faults);
  });
});
