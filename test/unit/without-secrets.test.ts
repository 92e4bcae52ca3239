import { describe, expect, it } from 'vitest';
import { KnownSecrets } from '../../lib/known-secrets.ts';
import { SourceError, describeUrl } from '../../lib/source-error.ts';
import { withoutSecrets, withoutSecretsWithin } from '../../lib/without-secrets.ts';

describe('a text without secrets', () => {
  it.each([
    [
      'GET https://cdn.acme.com/a.pdf?X-Amz-Signature=hunter2 failed',
      'GET https://cdn.acme.com/a.pdf?… failed',
    ],
    ['https://user:hunter2@cdn.acme.com/a', 'https://…@cdn.acme.com/a'],
    ['Authorization: Bearer hunter2hunter2', 'Authorization: Bearer …'],
    ['the secret whsec_hunter2hunter2==', 'the secret whsec_…'],
    ['X-Amz-Signature=hunter2&X-Amz-Credential=hunter2', 'X-Amz-Signature=…&X-Amz-Credential=…'],
    ['{"access_token":"hunter2","client_secret": "hunter2"}', '{"access_token":"…","client_secret": "…"}'],
    ['eyJhbGciOiJIUzI1NiJ9.eyJodW50ZXIyIjoxfQ.hunter2', 'eyJ…'],
    ['AKIAHUNTER2HUNTER2XY', 'AKIA…'],
    ['ask jo.doe+hunter2@mail.example.com, please', 'ask …@…, please'],
    ['/home/jo%40hunter2.example/a', '/home/…@…/a'],
  ])('%s', (text, rest) => {
    expect(withoutSecrets(text)).toBe(rest);
  });

  it.each([
    ['credentials are not usable: token: must be a token without spaces'],
    ['    at send (file:///var/task/node_modules/@aws-sdk/client-s3/dist/index.js:12:3)'],
    ['The tag “Secret Santa” is not known.'],
    ['arn:aws:sqs:eu-west-1:000000000000:stage'],
  ])('that holds none stays as it is: %s', (text) => {
    expect(withoutSecrets(text)).toBe(text);
  });

  it('is found within a value, which keeps its form', () => {
    const value = { authors: [{ id: '1', email: 'jo@example.com' }], size: 3, url: null };
    expect(withoutSecretsWithin(value)).toEqual({ ...value, authors: [{ id: '1', email: '…@…' }] });
  });

  it('takes no longer for a hostile text than for another', () => {
    const began = performance.now();
    for (const unit of ['a', '@', 'http://', 'a@', 'a.', 'token=', 'eyJ', '%40', 'a@a.', 'bearer ', '://@'])
      withoutSecrets(unit.repeat(30_000));
    expect(performance.now() - began).toBeLessThan(3_000);
  });
});

describe('the secrets that were read', () => {
  it('are hidden whatever they look like, and nothing else is', () => {
    const known = new KnownSecrets();
    known.learn(
      JSON.stringify({ demo: { adapter: 'cloudevents', secrets: ['whsec_aHVudGVyMmh1bnRlcjI='] } }),
    );
    known.learn(JSON.stringify({ token: 'plain words token' }));
    known.learn('not JSON hunter2');
    const text = 'cloudevents aHVudGVyMmh1bnRlcjI= plain words token not JSON hunter2';
    expect(known.hide(text)).toBe('cloudevents … … …');
  });
});

describe('the place of a file in a message', () => {
  it.each([
    ['https://cdn.acme.com/exp=1764000000~hmac=hunter2/a.pdf', 'cdn.acme.com/…/a.pdf'],
    ['https://cdn.acme.com/d/aHVudGVyMmh1bnRlcjJodW50ZXIyaHVudGVyMg/a.pdf', 'cdn.acme.com/d/…/a.pdf'],
    ['https://cdn.acme.com/2026/brochures/a-long-name-of-a-brochure-for-everybody.pdf', null],
  ])('names no key that stands in its path: %s', (url, place) => {
    expect(describeUrl(new URL(url))).toBe(place ?? url.slice('https://'.length));
  });

  it('is all that an error says of a link', () => {
    const error = new SourceError(
      'SOURCE_UNUSABLE',
      'https://cdn.acme.com/a?sig=hunter2 went to jo@hunter2.example',
    );
    expect(error.message).not.toContain('hunter2');
  });
});
