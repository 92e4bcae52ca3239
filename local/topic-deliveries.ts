import type { buildApp } from 'fauxqs';
import * as z from 'zod';
import { fauxqsFile, type Stores } from './state/s3-store.ts';
import { toQueue } from './to-queue.ts';

type App = ReturnType<typeof buildApp>;

type Queue = NonNullable<ReturnType<Stores['sqsStore']['getQueueByArn']>>;
/** As much of a queue as a topic asks for. */
type Subscriber = Pick<Queue, 'isFifo' | 'enqueue'>;
type Publish = (
  parameters: unknown,
  topics: Stores['snsStore'],
  queues: { readonly getQueueByArn: (arn: string) => Subscriber },
) => string;

const requestSchema = z.looseObject({ Action: z.enum(['Publish', 'PublishBatch']) });

/**
 * Lets topics of the emulator deliver to queues of an SQS that answers elsewhere too: in the envelope of SNS, or raw, as
 * the subscription says. Whoever publishes is answered when the message is in its queues. A queue that is nowhere hears
 * nothing, as in AWS.
 * @param sqsUrl where the other SQS answers
 */
export async function addTopicDeliveries(
  app: App,
  { snsStore, sqsStore }: Stores,
  region: string,
  sqsUrl: () => Promise<string>,
): Promise<void> {
  const { publish, publishBatch } = await fauxqsFile<{ publish: Publish; publishBatch: Publish }>(
    'sns/actions/publish.js',
  );
  app.addHook('preHandler', async (request, reply) => {
    // The bytes of an object are no fields to look at one by one.
    if (Buffer.isBuffer(request.body)) return;
    const asked = requestSchema.safeParse(request.body).data;
    if (asked === undefined) return;
    const sending: Promise<void>[] = [];
    const elsewhere = (queueArn: string): Subscriber => ({
      isFifo: () => false,
      enqueue: ({ body, messageAttributes: attributes }) => {
        const send = async (): Promise<void> =>
          toQueue(await sqsUrl(), region, { queueArn, body, attributes });
        sending.push(send().catch(() => undefined));
      },
    });
    let answer: string;
    try {
      const act = asked.Action === 'Publish' ? publish : publishBatch;
      answer = act(asked, snsStore, {
        getQueueByArn: (arn) => sqsStore.getQueueByArn(arn) ?? elsewhere(arn),
      });
    } catch {
      // The emulator says itself what is wrong.
      return;
    }
    await Promise.all(sending);
    await reply.header('content-type', 'text/xml').send(answer);
  });
}
