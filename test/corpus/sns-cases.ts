import { createSnsTopic, fromSns, type SnsFields } from '../sns-topic.ts';
import type { VendorForgery } from './vendor-signature-cases.ts';

/** The topic of the source that is attacked, and one that an attacker has, with keys that AWS has given out too. */
export const ownTopic = createSnsTopic();
const othersTopic = createSnsTopic('arn:aws:sns:eu-west-1:999999999999:content');
const archive = {
  specversion: '1.0',
  id: 'told-by-sns',
  source: '/dam',
  type: 'asset.archive',
  subject: 'a',
  time: '2026-01-01T00:00:00Z',
};

/** What stands at the addresses of SNS, for both topics. */
export const snsAnswers: typeof ownTopic.answers = ownTopic.answers;
const othersCertificate = ownTopic.certificateUrl.replaceAll('0f', '0e');
snsAnswers.set(othersCertificate, { status: 200, text: othersTopic.certificate() });

const row = (name: string, fields: () => SnsFields, headers: Record<string, string> = {}): VendorForgery => ({
  name: `sns-${name}`,
  source: 'sns',
  forge: (path) => {
    const delivery = fromSns(path, fields());
    return { ...delivery, headers: { ...delivery.headers, ...headers } };
  },
});
const own = (more: Readonly<Record<string, unknown>> = {}): SnsFields => ({
  ...ownTopic.notify(archive),
  ...more,
});
/** Signed by the attacker's key, and naming the attacker's certificate or ours. */
const others = (SigningCertURL: string, more: Readonly<Record<string, unknown>> = {}): SnsFields =>
  othersTopic.notify(archive, { SigningCertURL, TopicArn: ownTopic.topicArn, ...more });

export const snsForgeries: readonly VendorForgery[] = [
  row('other-topic', () => othersTopic.notify(archive)),
  row('other-topic-that-says-ours-in-the-header', () => othersTopic.notify(archive), {
    'x-amz-sns-topic-arn': ownTopic.topicArn,
  }),
  row('other-key', () => others(ownTopic.certificateUrl)),
  row('certificate-elsewhere', () => others('https://evil.example/SimpleNotificationService-0e.pem')),
  row('certificate-of-a-longer-host', () =>
    others('https://sns.eu-west-1.amazonaws.com.evil.example/SimpleNotificationService-0e.pem'),
  ),
  row('certificate-in-a-bucket', () =>
    others('https://evil.s3.eu-west-1.amazonaws.com/SimpleNotificationService-0e.pem'),
  ),
  row('certificate-behind-a-user', () =>
    others('https://sns.eu-west-1.amazonaws.com@evil.example/SimpleNotificationService-0e.pem'),
  ),
  row('certificate-of-another-port', () =>
    others('https://sns.eu-west-1.amazonaws.com:8443/SimpleNotificationService-0e.pem'),
  ),
  row('certificate-over-http', () =>
    own({ SigningCertURL: ownTopic.certificateUrl.replace('https', 'http') }),
  ),
  row('certificate-that-is-not-there', () =>
    own({ SigningCertURL: ownTopic.certificateUrl.replaceAll('0f', '0a') }),
  ),
  row('altered-message', () => own({ Message: JSON.stringify({ ...archive, type: 'asset.delete' }) })),
  row('altered-subject', () => own({ Subject: 'asset_bank.media.deleted' })),
  row('altered-id', () => own({ MessageId: 'another' })),
  row('altered-time', () => own({ Timestamp: new Date(Date.now() + 60_000).toISOString() })),
  row('other-version', () => own({ SignatureVersion: '1' })),
  row('unknown-version', () => own({ SignatureVersion: '0' })),
  row('no-signature', () => own({ Signature: undefined })),
  row('empty-signature', () => own({ Signature: '' })),
  row('cut-signature', () => own({ Signature: String(own()['Signature']).slice(4) })),
  row('old', () => ownTopic.notify(archive, { Timestamp: new Date(Date.now() - 90_000_000).toISOString() })),
  row('raw-delivery', () => own(), { 'x-amz-sns-rawdelivery': 'true' }),
  row('no-message', () => ({ Type: 'Notification' })),
  row('unsigned-confirmation', () => ({
    ...ownTopic.confirmation(),
    Signature: Buffer.alloc(256).toString('base64'),
  })),
  row('altered-confirmation', () => {
    const { SubscribeURL, ...fields } = ownTopic.confirmation();
    return { ...fields, SubscribeURL: String(SubscribeURL).replace('eu-west-1', 'eu-west-2') };
  }),
  row('confirmation-told-as-a-notification', () => ({ ...ownTopic.confirmation(), Type: 'Notification' })),
];

/** What SNS really sends. */
export const honestSns: readonly VendorForgery[] = [row('honest', own)];
