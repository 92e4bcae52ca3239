// EventsQueue → desired state, jobs, and messages for the events that other systems of AWS have sent.
import { acceptPayload } from '../lib/accept-payload.ts';
import { takeConfirmation } from '../lib/accept-sns-message.ts';
import { nameWork } from '../lib/current-work.ts';
import { sqsTextHandler, type MessageInvocation } from '../lib/handlers.ts';
import { payloadOfMessage, readEventMessage } from '../lib/sources/event-message.ts';
import { sourceOfMessage } from '../lib/sources/message-source.ts';

export const handler = sqsTextHandler(receiveMessage);

/**
 * Who may send here, IAM says; whose a message is, the message. One of a source is taken, or kept where it cannot be
 * read: its sender hears of neither. One that is nobody's goes back, and in the end becomes a dead letter, which can
 * be redriven once its source is set up.
 */
async function receiveMessage(
  text: string,
  { services, attributes, sentAtMs }: MessageInvocation,
): Promise<void> {
  const message = readEventMessage(text, attributes);
  const source = await sourceOfMessage(message.claim, services.sources);
  nameWork({ source: source.name });
  if (message.confirmation !== undefined) {
    await takeConfirmation(source, message.confirmation, services);
    return;
  }
  // The same for every delivery of the message: it orders events that have no time.
  const receivedAt = new Date(Number.isFinite(sentAtMs) ? sentAtMs : Date.now());
  const { payload, faults } = payloadOfMessage(message, source, receivedAt);
  await acceptPayload(source, payload, services, { isAnswered: false, faults });
  await services.roster.tell(services.sources.latest);
}
