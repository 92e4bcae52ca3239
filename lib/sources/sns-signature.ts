import { verify, type X509Certificate } from 'node:crypto';
import type { SnsConfirmation, SnsMessage } from './sns-message.ts';
import { topicArnSchema } from './source.ts';

/** Gives the certificate at a URL of SNS; null when there is none. */
export type CertificateAt = (url: string) => Promise<X509Certificate | null>;

const algorithms: Readonly<Record<string, string>> = { 1: 'sha1', 2: 'sha256' };
const certificatePath = /^SimpleNotificationService-[A-Za-z0-9]{1,64}\.pem$/;
// `sns.amazonaws.com`, and in newer regions `sns-signing.{region}.amazonaws.com`.
const certificateName = /(?:^CN=|\bDNS:)sns(?:[.-][a-z0-9-]+){0,3}\.amazonaws\.com(?:\.cn)?(?:,|$)/m;
// SNS tries for an hour at most, and what it holds back waits for one more.
const oldestMs = 24 * 3_600_000;

/**
 * Whether SNS has signed a message of this topic. AWS's rules, and where they are kept more strictly here: the
 * certificate is taken from one host alone, that of SNS in the topic's region, over TLS, which is what proves that it
 * is AWS's; it must be valid now and made out to SNS; and everything that is signed is one line but the text itself,
 * so that no part can pass for another. What goes unsigned, attributes among it, is believed by nobody.
 * https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
 * https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message-verify-message-signature.html
 * @returns null when it has, else why that is not believed
 * @throws {Error} when the certificate cannot be fetched: that says nothing about the sender
 */
export async function isSignedBySns(
  topicArn: string,
  message: SnsMessage,
  certificateAt: CertificateAt,
  now: number = Date.now(),
): Promise<string | null> {
  const { TopicArn, Timestamp, SignatureVersion = '', Signature = '', SigningCertURL = '' } = message;
  if (TopicArn !== topicArn) {
    // Whoever sets a source up may have to learn it from here.
    const which = topicArnSchema.safeParse(TopicArn).success ? ` (${TopicArn})` : '';
    return `The message is of another topic${which} than the "topicArn" of this source.`;
  }
  const algorithm = Object.hasOwn(algorithms, SignatureVersion) ? algorithms[SignatureVersion] : undefined;
  if (algorithm === undefined) return 'SignatureVersion must be "1" or "2".';
  const origin = `${snsOrigin(topicArn)}/`;
  if (!SigningCertURL.startsWith(origin) || !certificatePath.test(SigningCertURL.slice(origin.length))) {
    return `SigningCertURL must name a certificate at ${origin}.`;
  }
  // Written so that a time that is none is refused.
  if (!(now - Date.parse(Timestamp) <= oldestMs)) return 'Timestamp is more than a day ago.';
  const text = signedText(message);
  const signature = readSignature(Signature);
  if (text === null || signature === null) return notAccepted;
  const certificate = await certificateAt(SigningCertURL);
  if (certificate === null) return 'There is no certificate at SigningCertURL.';
  if (!isOfSns(certificate)) return 'The certificate at SigningCertURL is none that SNS signs with.';
  if (!(Date.parse(certificate.validFrom) <= now && now <= Date.parse(certificate.validTo))) {
    return 'The certificate at SigningCertURL is not valid now.';
  }
  return verify(algorithm, Buffer.from(text), certificate.publicKey, signature) ? null : notAccepted;
}

const notAccepted = 'The signature was not accepted: no matching signature found.';

/** Where SNS answers for the region of a topic. */
function snsOrigin(topicArn: string): string {
  const [, partition, , region] = topicArn.split(':');
  return `https://sns.${region}.amazonaws.com${partition === 'aws-cn' ? '.cn' : ''}`;
}

/**
 * The link by which a subscription is confirmed; null when it is not what SNS sends: `ConfirmSubscription` for this
 * topic, with the token of the message, at SNS in the topic's region.
 * https://docs.aws.amazon.com/sns/latest/dg/http-subscription-confirmation-json.html
 */
export function confirmationUrl(topicArn: string, { SubscribeURL, Token }: SnsConfirmation): string | null {
  const start = `${snsOrigin(topicArn)}/?`;
  if (!SubscribeURL.startsWith(start) || !URL.canParse(SubscribeURL)) return null;
  const { searchParams, hash } = new URL(SubscribeURL);
  const isAll = Object.entries({ Action: 'ConfirmSubscription', TopicArn: topicArn, Token }).every(
    ([name, value]) => {
      const [first, ...others] = searchParams.getAll(name);
      return first === value && others.length === 0;
    },
  );
  return isAll && hash === '' ? SubscribeURL : null;
}

/** What SNS signs: names and values, a line each, in this order; null when a value has a line too many. */
function signedText(message: SnsMessage): string | null {
  const { Message, MessageId, Timestamp, TopicArn, Type } = message;
  const tail = { Timestamp, ...(Type !== 'Notification' && { Token: message.Token }), TopicArn, Type };
  const lines =
    Type === 'Notification'
      ? { MessageId, ...(message.Subject !== undefined && { Subject: message.Subject }), ...tail }
      : { MessageId, SubscribeURL: message.SubscribeURL, ...tail };
  if (Object.values(lines).some((value) => /[\r\n]/.test(value))) return null;
  return Object.entries({ Message, ...lines })
    .map(([name, value]) => `${name}\n${value}\n`)
    .join('');
}

function readSignature(text: string): Buffer | null {
  return /^[A-Za-z0-9+/]{100,1400}={0,2}$/.test(text) ? Buffer.from(text, 'base64') : null;
}

function isOfSns({ publicKey, subject, subjectAltName = '' }: X509Certificate): boolean {
  return publicKey.asymmetricKeyType === 'rsa' && certificateName.test(`${subject}\n${subjectAltName}`);
}
