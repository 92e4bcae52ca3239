import { generateKeyPairSync, sign, X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { snsMessageSchema, type SnsConfirmation, type SnsMessage } from '../../lib/sources/sns-message.ts';
import { confirmationUrl, isSignedBySns } from '../../lib/sources/sns-signature.ts';
import { publishedCertificate, publishedMessages, publishedTopicArn } from '../fixtures/vendors/sns.ts';
import { createSnsTopic, type SnsFields } from '../sns-topic.ts';

const topic = createSnsTopic();
const { topicArn, certificateUrl } = topic;

function judge(fields: SnsFields, certificate: string | null = topic.certificate(), now?: number) {
  const message: SnsMessage = snsMessageSchema.parse(fields);
  const found = certificate === null ? null : new X509Certificate(certificate);
  return isSignedBySns(topicArn, message, () => Promise.resolve(found), now);
}

const notAccepted = /^The signature was not accepted: no matching signature found\.$/;
const messages: [string, SnsFields][] = ['1', '2'].flatMap((SignatureVersion): [string, SnsFields][] => [
  [`a notification, version ${SignatureVersion}`, topic.notify('one\ntwo “é” 🎈', { SignatureVersion })],
  [
    `a notification with a subject, version ${SignatureVersion}`,
    topic.notify('text', { SignatureVersion, Subject: 'About' }),
  ],
  [
    `a confirmation, version ${SignatureVersion}`,
    topic.confirmation('SubscriptionConfirmation', { SignatureVersion }),
  ],
  [
    `the end of a subscription, version ${SignatureVersion}`,
    topic.confirmation('UnsubscribeConfirmation', { SignatureVersion }),
  ],
]);

describe('what SNS has signed', () => {
  it.each(Object.entries(publishedMessages))(
    'is believed: %s, as AWS publishes it',
    async (_what, fields) => {
      const certificate = new X509Certificate(publishedCertificate);
      const asked: string[] = [];
      const certificateAt = (url: string) => {
        asked.push(url);
        return Promise.resolve(certificate);
      };
      const message = snsMessageSchema.parse(fields);
      const now = Date.parse(fields.Timestamp);
      expect(await isSignedBySns(publishedTopicArn, message, certificateAt, now)).toBeNull();
      expect(asked).toEqual([fields.SigningCertURL]);
      const altered = { ...message, Message: `${message.Message} ` };
      expect(await isSignedBySns(publishedTopicArn, altered, certificateAt, now)).toMatch(notAccepted);
    },
  );

  it.each(messages)('is believed: %s', async (_what, fields) => {
    expect(await judge(fields)).toBeNull();
  });

  it.each(messages)('is not believed when any of it was altered: %s', async (_what, fields) => {
    const signed = ['Message', 'MessageId', 'Subject', 'SubscribeURL', 'Timestamp', 'Token'];
    for (const name of signed.filter((one) => fields[one] !== undefined)) {
      const value = String(fields[name]);
      const other = name === 'Timestamp' ? value.replace('Z', '1Z') : `${value}x`;
      expect([name, await judge({ ...fields, [name]: other })]).toEqual([
        name,
        expect.stringMatching(notAccepted),
      ]);
    }
    const { Subject = null, ...others } = fields;
    const changed = Subject === null ? { ...fields, Subject: 'Another' } : others;
    if (fields.Type === 'Notification') expect(await judge(changed as SnsFields)).toMatch(notAccepted);
    const version = fields['SignatureVersion'] === '1' ? '2' : '1';
    expect(await judge({ ...fields, SignatureVersion: version })).toMatch(notAccepted);
  });

  it('cannot be told as another type', async () => {
    const end = topic.confirmation('UnsubscribeConfirmation');
    expect(await judge({ ...end, Type: 'SubscriptionConfirmation' })).toMatch(notAccepted);
    expect(await judge({ ...topic.confirmation(), Type: 'Notification' })).toMatch(notAccepted);
  });

  it('cannot be cut into other parts than it had', async () => {
    const fields = topic.notify('text\nMessageId\n1', { MessageId: '2', Subject: 'About' });
    expect(await judge(fields)).toBeNull();
    expect(await judge({ ...fields, Message: 'text', MessageId: '1\nMessageId\n2' })).toMatch(notAccepted);
    const { Subject: _subject, ...others } = fields;
    expect(await judge({ ...others, Type: fields.Type, MessageId: '2\nSubject\nAbout' })).toMatch(
      notAccepted,
    );
  });
});

describe('a message is refused, and no certificate is asked for,', () => {
  const certificateAt = () => Promise.reject(new Error('It was asked for.'));
  const at = (origin: string, path = '/SimpleNotificationService-0f.pem') => ({
    SigningCertURL: `${origin}${path}`,
  });
  const host = 'https://sns.eu-west-1.amazonaws.com';
  const elsewhere = /SigningCertURL must name a certificate at https:\/\/sns\.eu-west-1\.amazonaws\.com\//;

  it.each<[string, Record<string, unknown>, RegExp]>([
    [
      'of another topic',
      { TopicArn: `${topicArn}s` },
      /another topic \(arn:aws:sns:eu-west-1:\d+:contents\) than/,
    ],
    ['of what is no topic', { TopicArn: 'https://evil.example/' }, /another topic than/],
    ['of the topic in another region', { TopicArn: topicArn.replace('west', 'north') }, /another topic/],
    ['of an unknown version', { SignatureVersion: '3' }, /must be "1" or "2"/],
    ['of the version __proto__', { SignatureVersion: '__proto__' }, /must be "1" or "2"/],
    ['without a version', { SignatureVersion: undefined }, /must be "1" or "2"/],
    ['without a certificate', { SigningCertURL: undefined }, elsewhere],
    ['with a certificate over plain HTTP', at(host.replace('https', 'http')), elsewhere],
    ['with a certificate of a longer host', at(`${host}.evil.example`), elsewhere],
    ['with a certificate behind a user', at(`https://sns.eu-west-1.amazonaws.com@evil.example`), elsewhere],
    ['with a certificate behind our host as a user', at(`https://x@sns.eu-west-1.amazonaws.com`), elsewhere],
    ['with a certificate of another port', at(`${host}:8443`), elsewhere],
    ['with a certificate of another region', at('https://sns.eu-west-2.amazonaws.com'), elsewhere],
    ['with a certificate of another service', at('https://s3.eu-west-1.amazonaws.com'), elsewhere],
    ['with a certificate of China', at(`${host}.cn`), elsewhere],
    ['with a certificate of upper case', at(host.toUpperCase()), elsewhere],
    ['with a certificate at another path', at(host, '/evil/SimpleNotificationService-0f.pem'), elsewhere],
    ['with a certificate one up', at(host, '/../SimpleNotificationService-0f.pem'), elsewhere],
    ['with a certificate of another name', at(host, '/Certificate-0f.pem'), elsewhere],
    ['with a certificate of another kind', at(host, '/SimpleNotificationService-0f.pem.txt'), elsewhere],
    ['with a certificate with a query', at(host, '/SimpleNotificationService-0f.pem?x=.pem'), elsewhere],
    ['with a certificate with a fragment', at(host, '/SimpleNotificationService-0f.pem#.pem'), elsewhere],
    ['with a certificate behind a line break', at(`${host}/\n`, ''), elsewhere],
    ['that is two days old', { Timestamp: '2026-01-01T00:00:00Z' }, /more than a day ago/],
    ['of no time', { Timestamp: 'now' }, /more than a day ago/],
    ['without a signature', { Signature: undefined }, notAccepted],
    ['with a signature that is no base64', { Signature: '%'.repeat(344) }, notAccepted],
    ['with a line break in its id', { MessageId: 'a\nb' }, notAccepted],
  ])('%s', async (_what, changes, reason) => {
    const fields = { ...topic.notify('text'), ...changes };
    const message = snsMessageSchema.parse(fields);
    const now = changes['Timestamp'] === undefined ? Date.now() : Date.parse('2026-01-03T00:00:01Z');
    expect(await isSignedBySns(topicArn, message, certificateAt, now)).toMatch(reason);
  });
});

describe('the certificate', () => {
  const fields = topic.notify('text');

  it('must be there', async () => {
    expect(await judge(fields, null)).toMatch(/no certificate at SigningCertURL/);
  });

  it.each(['sns.amazonaws.com', 'sns-signing.eu-south-1.amazonaws.com', 'sns-cn-north-1.amazonaws.com.cn'])(
    'may be made out to %s',
    async (commonName) => {
      expect(await judge(fields, topic.certificate({ commonName }))).toBeNull();
    },
  );

  it.each([
    'evil.example',
    'sns.amazonaws.com.evil.example',
    'xsns.amazonaws.com',
    's3.amazonaws.com',
    'sns.evil.example/sns.amazonaws.com',
  ])('must not be made out to %s', async (commonName) => {
    expect(await judge(fields, topic.certificate({ commonName }))).toMatch(/none that SNS signs with/);
  });

  it('must be valid now, however long it has been known', async () => {
    const hour = (hours: number) => new Date(Date.now() + hours * 3_600_000);
    const over = topic.certificate({ notBefore: hour(-2), notAfter: hour(-1) });
    const early = topic.certificate({ notBefore: hour(1), notAfter: hour(2) });
    expect(await judge(fields, over)).toMatch(/not valid now/);
    expect(await judge(fields, early)).toMatch(/not valid now/);
    expect(await judge(fields, early, hour(1.5).getTime())).toBeNull();
  });

  it('must be that of the key that has signed', async () => {
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
    expect(await judge(fields, topic.certificate({ publicKey }))).toMatch(notAccepted);
  });

  it('must have an RSA key', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const Signature = sign('sha256', Buffer.alloc(1), privateKey).toString('base64');
    expect(
      await judge({ ...fields, Signature: Signature.padStart(344, 'A') }, topic.certificate({ publicKey })),
    ).toMatch(/none that SNS signs with/);
  });

  it('is that of China for a topic in China', async () => {
    const chinese = createSnsTopic('arn:aws-cn:sns:cn-north-1:123456789012:content');
    const SigningCertURL = `https://sns.cn-north-1.amazonaws.com.cn/SimpleNotificationService-0f.pem`;
    const check = (message: SnsFields) =>
      isSignedBySns(chinese.topicArn, snsMessageSchema.parse(message), () =>
        Promise.resolve(new X509Certificate(chinese.certificate())),
      );
    expect(await check(chinese.notify('text', { SigningCertURL }))).toBeNull();
    expect(await check(chinese.notify('text'))).toMatch(/SigningCertURL must name a certificate at/);
  });

  it('is not judged while it cannot be had', async () => {
    const message = snsMessageSchema.parse(fields);
    const certificateAt = () => Promise.reject(new Error('down'));
    await expect(isSignedBySns(topicArn, message, certificateAt)).rejects.toThrow('down');
    expect(certificateUrl).toBe(fields['SigningCertURL']);
  });
});

describe('the link that confirms a subscription', () => {
  const asked = snsMessageSchema.parse(topic.confirmation()) as SnsConfirmation;
  const link = asked.SubscribeURL;
  const judgeLink = (SubscribeURL: string) => confirmationUrl(topicArn, { ...asked, SubscribeURL });

  it('is that of the topic, as SNS writes it', () => {
    expect(judgeLink(link)).toBe(link);
    const unescaped = `https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=${topicArn}&Token=${asked.Token}`;
    expect(judgeLink(unescaped)).toBe(unescaped);
  });

  it.each([
    ['over plain HTTP', link.replace('https', 'http')],
    ['at a longer host', link.replace('.com/', '.com.evil.example/')],
    ['behind a user', link.replace('.com/', '.com@evil.example/')],
    ['at another port', link.replace('.com/', '.com:8443/')],
    ['in another region', link.replace('eu-west-1', 'eu-west-2')],
    ['at another path', link.replace('/?', '/x?')],
    ['for another topic', link.replace('content', 'contents')],
    ['for two topics', `${link}&TopicArn=x`],
    ['of another action', link.replace('ConfirmSubscription', 'Unsubscribe')],
    ['of two actions', `${link}&Action=Publish`],
    ['with another token', `${link}0`],
    ['with a fragment', `${link}#x`],
    ['that is none', 'x'],
  ])('is refused %s', (_where, other) => {
    expect(judgeLink(other)).toBeNull();
  });
});
