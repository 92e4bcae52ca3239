import { setTimeout as delay } from 'node:timers/promises';
import {
  ChangeMessageVisibilityCommand,
  DeleteMessageBatchCommand,
  MessageNotInflight,
  ReceiveMessageCommand,
  SQSServiceException,
} from '@aws-sdk/client-sqs';
import type { Message, SQSClient } from '@aws-sdk/client-sqs';
import type { SQSEvent } from 'aws-lambda';
import { succeededMessages } from './batch-response.ts';
import type { InvocationResult } from './lambda.ts';
import { sqsEvent } from './sqs-event.ts';

export interface EventSourceMappingSettings {
  readonly functionName: string;
  readonly queueUrl: string;
  readonly queueArn: string;
  readonly batchSize: number;
  readonly batchingWindowSeconds: number;
  readonly maximumConcurrency: number;
  readonly reportsFailures: boolean;
}

export interface EventSourceMapping {
  readonly functionName: string;
  /** From now on no invocation starts. Settles when the last poll has answered; what it brought is given back. */
  readonly pause: () => Promise<void>;
  readonly resume: () => void;
  /** Makes the messages whose handling failed visible at once, instead of after their visibility timeout. */
  readonly redeliver: () => Promise<void>;
  /** Settles when every batch under way is handled and its messages are deleted. */
  readonly idle: () => Promise<void>;
}

/**
 * Long enough to spare the machine, short enough to end soon. Polls are waited for and never aborted: what one was
 * just bringing would be in flight for its whole visibility timeout, with nobody to handle it.
 */
const pollSeconds = 1;
const retryMs = 1000;
const largestReceive = 10;

/** The message's time had come by itself: it is visible, somebody else's, or in the dead-letter queue. */
function hasLeft(error: unknown): boolean {
  if (error instanceof MessageNotInflight) return true;
  // So SQS calls it, although the SDK has no class for it.
  return error instanceof SQSServiceException && error.name.startsWith('InvalidParameterValue');
}

/** Polls a queue and invokes a function with what arrives, by the rules of Lambda's event source mappings. */
export function startEventSourceMapping(
  settings: EventSourceMappingSettings,
  sqs: SQSClient,
  invoke: (event: SQSEvent) => Promise<InvocationResult>,
  report: (line: string) => void,
  now: () => number = Date.now,
): EventSourceMapping {
  const { queueUrl, queueArn, batchSize, batchingWindowSeconds, maximumConcurrency } = settings;
  let pausing = new AbortController();
  const isPaused = (): boolean => pausing.signal.aborted;
  let polling: Promise<void> = Promise.resolve();
  let slotFree: (() => void) | undefined;
  const underWay = new Set<Promise<void>>();
  const failed = new Map<string, Message>();

  const receive = async (atMost: number, waitSeconds = pollSeconds): Promise<Message[]> => {
    const { Messages } = await sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: queueUrl,
        MaxNumberOfMessages: Math.min(atMost, largestReceive),
        WaitTimeSeconds: waitSeconds,
        MessageSystemAttributeNames: ['All'],
        MessageAttributeNames: ['All'],
      }),
    );
    return Messages ?? [];
  };

  const receiveBatch = async (): Promise<Message[]> => {
    const batch = await receive(batchSize);
    const windowEnd = now() + batchingWindowSeconds * 1000;
    while (batch.length > 0 && batch.length < batchSize && now() < windowEnd && !isPaused()) {
      const leftMs = windowEnd - now();
      const isLast = leftMs < pollSeconds * 1000;
      if (isLast) await delay(leftMs);
      batch.push(...(await receive(batchSize - batch.length, isLast ? 0 : pollSeconds)));
    }
    return batch;
  };

  const handle = async (batch: readonly Message[]): Promise<void> => {
    for (const { MessageId = '' } of batch) failed.delete(MessageId);
    const result = await invoke(sqsEvent(batch, queueArn));
    const ids = batch.map(({ MessageId = '' }) => MessageId);
    const succeeded = new Set(succeededMessages(ids, result, settings.reportsFailures));
    const done = batch.filter(({ MessageId = '' }) => succeeded.has(MessageId));
    for (const message of batch) if (!done.includes(message)) failed.set(message.MessageId ?? '', message);
    for (let start = 0; start < done.length; start += largestReceive) {
      const entries = done
        .slice(start, start + largestReceive)
        .map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
      await sqs.send(new DeleteMessageBatchCommand({ QueueUrl: queueUrl, Entries: entries }));
    }
  };

  const makeVisible = async (messages: readonly Message[]): Promise<void> => {
    const commands = messages.map(
      ({ ReceiptHandle }) =>
        new ChangeMessageVisibilityCommand({ QueueUrl: queueUrl, ReceiptHandle, VisibilityTimeout: 0 }),
    );
    const changes = commands.map(async (command) => {
      try {
        await sqs.send(command);
      } catch (error) {
        if (!hasLeft(error)) throw error;
      }
    });
    await Promise.all(changes);
  };

  const problem = (action: string, error: unknown): void => {
    report(`${settings.functionName}: ${action} ${queueArn} failed: ${String(error)}`);
  };

  const poll = async (): Promise<void> => {
    while (!isPaused()) {
      if (underWay.size >= maximumConcurrency) {
        await new Promise<void>((resolve) => (slotFree = resolve));
        continue;
      }
      let batch: Message[];
      try {
        batch = await receiveBatch();
      } catch (error) {
        if (isPaused()) return;
        problem('polling', error);
        await delay(retryMs, undefined, { signal: pausing.signal }).catch(() => undefined);
        continue;
      }
      if (batch.length === 0) continue;
      if (isPaused()) {
        await makeVisible(batch).catch(() => undefined);
        return;
      }
      const handling = handle(batch)
        .catch((error: unknown) => problem('deleting messages of', error))
        .finally(() => {
          underWay.delete(handling);
          slotFree?.();
        });
      underWay.add(handling);
    }
  };

  const pause = async (): Promise<void> => {
    pausing.abort();
    slotFree?.();
    await polling;
  };
  const resume = (): void => {
    pausing = new AbortController();
    polling = polling.then(poll);
  };

  resume();
  return {
    functionName: settings.functionName,
    pause,
    resume: () => {
      if (isPaused()) resume();
    },
    redeliver: async () => {
      const messages = [...failed.values()];
      failed.clear();
      await makeVisible(messages);
    },
    idle: async () => {
      await Promise.all(underWay);
    },
  };
}
