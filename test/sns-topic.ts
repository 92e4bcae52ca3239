import { generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { getServices } from '../lib/services.ts';
import type { ShortAnswer } from '../lib/short-answer.ts';
import { SnsEndpoint } from '../lib/sns-endpoint.ts';
import { selfSignedCertificate, type CertificateSubject } from './self-signed-certificate.ts';
import type { VendorDelivery } from './vendor-deliveries.ts';

/** A message of SNS as it is sent, whatever is wrong with it. */
export type SnsFields = Readonly<Record<string, unknown>> & { readonly Type: string };

/** A topic, with keys of its own, and SNS as far as it answers for it. */
export interface SnsTopic {
  readonly topicArn: string;
  readonly certificateUrl: string;
  /** What stands at the URLs of SNS; what is missing is answered with 404. */
  readonly answers: Map<string, ShortAnswer>;
  /** The URLs that were asked for. */
  readonly asked: string[];
  /** A certificate for the topic's key, with what is to be special about it. */
  certificate(special?: Partial<CertificateSubject>): string;
  /** For a container to believe this topic: in place of the endpoint that asks AWS. */
  endpoint(): SnsEndpoint;
  /** What a publisher's message becomes, signed. */
  notify(message: unknown, more?: Readonly<Record<string, unknown>>): SnsFields;
  /** What a subscriber is asked first, or told last, signed. */
  confirmation(type?: string, more?: Readonly<Record<string, unknown>>): SnsFields;
}

const dayMs = 86_400_000;
const makeKeys = () => generateKeyPairSync('rsa', { modulusLength: 2_048 });
const pairs = new Map<string, ReturnType<typeof makeKeys>>();

/** @param topicArn topics of one ARN share their keys */
export function createSnsTopic(topicArn = 'arn:aws:sns:eu-west-1:123456789012:content'): SnsTopic {
  const pair = pairs.get(topicArn) ?? makeKeys();
  pairs.set(topicArn, pair);
  const { publicKey, privateKey } = pair;
  const origin = `https://sns.${topicArn.split(':')[3]}.amazonaws.com`;
  const certificateUrl = `${origin}/SimpleNotificationService-${'0f'.repeat(16)}.pem`;
  const certificate: SnsTopic['certificate'] = (special) =>
    selfSignedCertificate({
      commonName: 'sns.amazonaws.com',
      notBefore: new Date(Date.now() - dayMs),
      notAfter: new Date(Date.now() + dayMs),
      publicKey,
      privateKey,
      ...special,
    });
  const answers = new Map<string, ShortAnswer>([[certificateUrl, { status: 200, text: certificate() }]]);
  const asked: string[] = [];
  const signed = (fields: SnsFields): SnsFields => {
    const whole: SnsFields = {
      MessageId: randomUUID(),
      TopicArn: topicArn,
      Timestamp: new Date().toISOString(),
      SignatureVersion: '2',
      SigningCertURL: certificateUrl,
      ...fields,
    };
    const algorithm = whole['SignatureVersion'] === '1' ? 'sha1' : 'sha256';
    const Signature = sign(algorithm, Buffer.from(textToSign(whole)), privateKey).toString('base64');
    return { ...whole, Signature };
  };
  return {
    topicArn,
    certificateUrl,
    answers,
    asked,
    certificate,
    endpoint: () =>
      new SnsEndpoint((url) => {
        asked.push(url);
        return Promise.resolve(answers.get(url) ?? { status: 404, text: 'NoSuchKey' });
      }),
    notify: (message, more) =>
      signed({
        Type: 'Notification',
        Message: typeof message === 'string' ? message : JSON.stringify(message),
        ...more,
      }),
    confirmation(type = 'SubscriptionConfirmation', more = {}) {
      const Token = `token-${randomUUID()}`;
      const query = new URLSearchParams({ Action: 'ConfirmSubscription', TopicArn: topicArn, Token });
      const SubscribeURL = `${origin}/?${query.toString()}`;
      answers.set(SubscribeURL, { status: 200, text: '<ConfirmSubscriptionResponse/>' });
      return signed({ Type: type, Message: 'You have chosen to subscribe.', Token, SubscribeURL, ...more });
    },
  };
}

/** Names and values, a line each, in the order of bytes. */
function textToSign(fields: SnsFields): string {
  const names =
    fields.Type === 'Notification'
      ? ['Message', 'MessageId', 'Subject', 'Timestamp', 'TopicArn', 'Type']
      : ['Message', 'MessageId', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type'];
  return names
    .filter((name) => fields[name] !== undefined)
    .map((name) => `${name}\n${String(fields[name])}\n`)
    .join('');
}

/** What SNS posts. https://docs.aws.amazon.com/sns/latest/dg/http-header.html */
export function fromSns(path: string, message: SnsFields): VendorDelivery {
  const headers = {
    'x-amz-sns-message-type': message.Type,
    'x-amz-sns-message-id': String(message['MessageId']),
    'x-amz-sns-topic-arn': String(message['TopicArn']),
    'content-type': 'text/plain; charset=UTF-8',
    'user-agent': 'Amazon Simple Notification Service Agent',
  };
  return { path, body: JSON.stringify(message, null, 2), headers };
}

/** Lets this process believe a topic's certificate, and confirm subscriptions to it, as if AWS answered. */
export function believeTopic(topic: SnsTopic): void {
  Object.assign(getServices(), { sns: topic.endpoint() });
}
