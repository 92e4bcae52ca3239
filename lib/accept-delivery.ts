import type { Accepted } from './accept-events.ts';
import { acceptPayload } from './accept-payload.ts';
import { acceptSnsMessage, isOfSns, verifySnsMessage } from './accept-sns-message.ts';
import { HttpProblem } from './problem.ts';
import type { Services } from './services.ts';
import { adapterOf } from './sources/adapters.ts';
import type { Delivery, Source } from './sources/source.ts';

const largestBodyBytes = 256 * 1024;
/**
 * A message of SNS has up to 256 KiB, and its envelope writes quotes and line breaks with two characters. More could not
 * be kept in an item of DynamoDB.
 */
const largestSnsBodyBytes = 384 * 1024;

/**
 * The door for webhooks: takes what its source has signed or, where SNS brings it, SNS has.
 * @returns the jobs; none for what SNS says of the subscription itself
 * @throws {HttpProblem} 401 for what is not believed, 404 for a source that takes no webhooks, 413, and what
 * `acceptPayload` and `acceptSnsMessage` throw
 * @throws {Error} when it could be neither judged nor stored: it has to come again
 */
export async function acceptDelivery(
  source: Source,
  delivery: Delivery,
  services: Services,
): Promise<readonly Accepted[]> {
  const { length } = delivery.body;
  const most = isOfSns(delivery) ? largestSnsBodyBytes : largestBodyBytes;
  if (length > most) {
    throw new HttpProblem(413, `The body has ${length} bytes; at most ${most} are taken.`);
  }
  const trusted = await believe(source, delivery, services);
  return isOfSns(delivery)
    ? acceptSnsMessage(trusted, delivery, services)
    : acceptPayload(trusted, delivery, services);
}

/** The source as it is set up when it is believed: its secret may just have been replaced. */
async function believe(source: Source, delivery: Delivery, services: Services): Promise<Source> {
  const refusal = await refusalOf(source, delivery, services);
  if (refusal === null) return source;
  const fresh = await services.sources.findFresh(source.name);
  if (fresh !== undefined && (await refusalOf(fresh, delivery, services)) === null) return fresh;
  throw refusal;
}

async function refusalOf(
  source: Source,
  delivery: Delivery,
  services: Services,
): Promise<HttpProblem | null> {
  // Not 401: whatever signed it, it would not be taken here.
  if (!takesWebhooks(source))
    return new HttpProblem(404, 'This source takes no webhooks: its "doors" leave out "https".');
  const reason = isOfSns(delivery)
    ? await verifySnsMessage(source, delivery, services)
    : await adapterOf(source).verify(source, delivery);
  return reason === null ? null : new HttpProblem(401, reason);
}

export function takesWebhooks({ doors }: Source): boolean {
  return doors.includes('https');
}
