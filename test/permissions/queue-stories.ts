import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { expect } from 'vitest';
import { cloudEvent } from '../connector.ts';
import { upsert } from './asset-stories.ts';
import type { RecordedConnector } from './recorded-connector.ts';

/** What other systems of AWS send: two events of every way on, one message twice, and one that cannot be read. */
export async function tellOfMessages({ connector }: RecordedConnector): Promise<void> {
  const { stack } = connector;
  const QueueUrl = stack.queues['events'];
  const MessageAttributes = { source: { DataType: 'String', StringValue: 'demo' } };
  const send = (MessageBody: string) =>
    stack.clients.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody, MessageAttributes }));
  const subject = 'queued';
  const events = [
    upsert(connector, subject),
    { type: 'asset.metadata', subject, data: { metadata: { description: 'queued' } } },
  ].map(cloudEvent);
  await send(JSON.stringify(events));
  await send(JSON.stringify(events[0]));
  await send('not JSON');
  await stack.settled(55_000);
  expect(connector.assetsOf(subject)).toMatchObject([{ description: 'queued' }]);
  expect(await connector.get('/jobs?state=failed&source=demo')).toMatchObject({
    body: { items: expect.arrayContaining([expect.objectContaining({ type: 'unreadable' })]) },
  });
}
