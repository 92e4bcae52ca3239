import { bindWork } from './current-work.ts';
import { settleLetter, type LetterMeaning } from './dead-letter.ts';
import type { ReceivedLetter } from './dead-letter-queues.ts';
import { factsOfMessage, queueNames, type QueueName } from './queues.ts';
import type { Sweep } from './sweep.ts';

const mostLetters = 200;
const hiddenSeconds = 120;
// Letters that were looked at stay away for two sweeps where there are more than one sweep can read.
const longHiddenSeconds = 720;

/** Fails the job of every dead letter, which stays where it is for a person; takes away those that mean nothing now. */
export async function sweepDeadLetters(sweep: Sweep): Promise<void> {
  await Promise.all(queueNames.map((queue) => sweepQueue(sweep, queue)));
}

async function sweepQueue(sweep: Sweep, queue: QueueName): Promise<void> {
  const { queues, deadLetterQueues } = sweep.services;
  const { deadLetterUrl, mostReceives } = await queues.settings(queue);
  const waiting = await deadLetterQueues.count(deadLetterUrl);
  const kept: ReceivedLetter[] = [];
  let seen = 0;
  try {
    while (seen < Math.min(waiting, mostLetters) && !sweep.isTimeUp()) {
      const letters = await deadLetterQueues.receive(deadLetterUrl, hiddenSeconds);
      if (letters.length === 0) break;
      seen += letters.length;
      for (const letter of letters) {
        kept.push(letter);
        const { messageId } = letter;
        const about = { ...factsOfMessage(letter.body, letter.traceId), messageId };
        await bindWork({ about }, async () => {
          const meaning = await settleLetter(sweep.services, { ...letter, queue, attempts: mostReceives });
          if (meaning === 'obsolete') {
            await deadLetterQueues.remove(deadLetterUrl, letter);
            kept.pop();
          }
          tell(sweep, queue, meaning, letter);
        });
      }
    }
  } finally {
    await deadLetterQueues.hideFor(deadLetterUrl, kept, waiting <= mostLetters ? 0 : longHiddenSeconds);
  }
}

function tell({ swept }: Sweep, queue: QueueName, meaning: LetterMeaning, letter: ReceivedLetter): void {
  if (meaning === 'marked') swept('DeadLetterMarked', { queue });
  // Nobody has asked for it, and nobody will: it goes away with its job.
  if (meaning === 'obsolete') swept('DeadLetterRemoved', { queue, body: letter.body });
  if (meaning === 'foreign') swept('DeadLetterForeign', { queue });
}
