import type { Accepted } from './accept-events.ts';
import { acceptPayload } from './accept-payload.ts';
import { HttpProblem } from './problem.ts';
import type { Services } from './services.ts';
import { payloadOfNotification } from './sources/message-payload.ts';
import { snsMessageSchema, type SnsConfirmation, type SnsMessage } from './sources/sns-message.ts';
import { confirmationUrl, isSignedBySns } from './sources/sns-signature.ts';
import type { Delivery, Source } from './sources/source.ts';
import { parseJson } from './sources/vendor-event.ts';

/** Whether a delivery says that SNS brings it. https://docs.aws.amazon.com/sns/latest/dg/http-header.html */
export function isOfSns({ headers }: Delivery): boolean {
  return headers['x-amz-sns-message-type'] !== undefined;
}

/**
 * Whether what SNS brings is of the source's own topic. None of its headers is believed.
 * @returns null when it is, else why that is not believed
 * @throws {Error} when SNS cannot be asked for its certificate
 */
export async function verifySnsMessage(
  { topicArn }: Source,
  { headers, body }: Delivery,
  { sns }: Services,
): Promise<string | null> {
  if (headers['x-amz-sns-rawdelivery'] === 'true') {
    return 'Raw message delivery carries no signature: switch it off for this subscription.';
  }
  if (topicArn === undefined) {
    return 'This source takes no messages of SNS: its settings name no "topicArn".';
  }
  const message = read(body);
  if (message === null) return 'The body is no message of SNS.';
  return isSignedBySns(topicArn, message, sns.certificate);
}

/**
 * Takes a message of SNS that is verified. SNS sends again what was answered with 5xx or 429, for an hour at most, and
 * gives up what was answered with any other 4xx. So what cannot be read is kept, and the allowance is not asked.
 * https://docs.aws.amazon.com/sns/latest/dg/SendMessageToHttp.https.ca.html
 * https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html
 * @returns the jobs of a notification; none for what SNS says of the subscription itself
 * @throws {HttpProblem} 400 for a subscription that cannot be confirmed
 * @throws {Error} when something could not be stored or confirmed: SNS sends the message again
 */
export async function acceptSnsMessage(
  source: Source,
  { body, receivedAt }: Delivery,
  services: Services,
): Promise<readonly Accepted[]> {
  const message = read(body);
  if (message === null) throw new Error('What was verified is a message of SNS.');
  if (message.Type === 'Notification') {
    // Nothing signs attributes: whoever repeats a message could change what it means by them.
    const signed = { ...message, MessageAttributes: undefined };
    const payload = payloadOfNotification(source, signed, body, receivedAt);
    return acceptPayload(source, payload, services, { isAnswered: false });
  }
  await takeConfirmation(source, message, services);
  return [];
}

/**
 * Confirms a subscription to the source's topic, or notes that one has ended. Safe to repeat.
 * @throws {HttpProblem} 400 for one that cannot be confirmed
 * @throws {Error} when SNS could not be asked
 */
export async function takeConfirmation(
  { name, topicArn = '' }: Source,
  message: SnsConfirmation,
  { sns, telemetry }: Services,
): Promise<void> {
  if (message.Type === 'UnsubscribeConfirmation') {
    telemetry.snsSubscriptionEnded(name);
    return;
  }
  const url = confirmationUrl(topicArn, message);
  if (url === null) throw new HttpProblem(400, 'SubscribeURL does not confirm a subscription to the topic.');
  if (!(await sns.confirm(url))) {
    throw new HttpProblem(400, 'SNS refuses the confirmation, probably as too old: request a new one.');
  }
  telemetry.snsSubscriptionConfirmed(name);
}

function read(body: Buffer): SnsMessage | null {
  return snsMessageSchema.safeParse(parseJson(body)).data ?? null;
}
