import { randomUUID } from 'node:crypto';
import type { ConnectorClient, Job, SourceEvent } from './connector-client.ts';
import { sampleContent } from './content.ts';
import type { Content } from './content.ts';
import { newWatched } from './delivery.ts';
import type { Watched } from './delivery.ts';
import type { FileServer } from './file-server.ts';
import { looksAtTicket } from './showpad-view.ts';
import type { ShowpadRequest, ShowpadView } from './showpad-view.ts';

/** Files that are for people, not for the library. */
export interface PersonalFiles {
  /** Showpad has to process it, and answers its upload with a ticket. */
  readonly offer: Content;
  /** Showpad takes it as it is. */
  readonly photo: Content;
}

/** An event that pushes one file into the My Files of several people. */
export interface Push extends Watched {
  readonly event: SourceEvent;
  /** What the file is called in My Files. */
  readonly fileName: string;
  readonly content: Content;
}

export type Pushes = Readonly<Record<keyof PersonalFiles, Push>>;

export const knownPeople = ['jo@example.com', 'sam@example.com'] as const;
export const unknownPerson = 'lee@example.com';

export async function readPersonalFiles(): Promise<PersonalFiles> {
  const [offer, photo] = await Promise.all([
    sampleContent('flow-200-brochure.pdf'),
    sampleContent('flow-200-product.png'),
  ]);
  return {
    offer: { ...offer, fileName: 'flow-200-offer.pdf' },
    photo: { ...photo, fileName: 'flow-200-photo.png' },
  };
}

/** Every push of the story. One of the people is nobody's, so each of them has to fail, and for that one alone. */
export function newPushes({ offer, photo }: PersonalFiles, files: FileServer, now = new Date()): Pushes {
  const push = (subject: string, fileName: string, description: string, content: Content): Push => {
    const { mediaType, size, md5, sha256 } = content;
    const recipients = [...knownPeople, unknownPerson];
    const file = { url: files.urlOf(content), name: fileName, mediaType, size, md5, sha256 };
    return {
      ...newWatched(`${fileName} → 3 people`, size, 'failed'),
      event: {
        eventId: randomUUID(),
        type: 'myfiles.upload',
        subject,
        time: now,
        data: { recipients, file, description },
      },
      fileName,
      content,
    };
  };
  return {
    offer: push('offers/flow-200', 'Flow 200 offer.pdf', 'Your offer.', offer),
    photo: push('photos/flow-200', 'Flow 200 photo.png', 'For your slides.', photo),
  };
}

interface Stage {
  readonly connector: ConnectorClient;
  readonly showpad: ShowpadView;
  readonly onChange: (push: Push) => void;
}

/**
 * Pushes every file, at the same time, and watches what becomes of it for each person.
 * @throws {Error} when the connector does not accept an event, or cannot be asked
 */
export async function tellMyFilesStory(pushes: Pushes, stage: Stage): Promise<void> {
  await Promise.all(Object.values(pushes).map((push) => finish(push, stage)));
}

async function finish(push: Push, { connector, showpad, onChange }: Stage): Promise<void> {
  const position = await showpad.position();
  push.state = 'sent';
  push.sentAtMs = performance.now();
  onChange(push);
  const { jobId } = await connector.send(push.event);
  push.job = await connector.follow(jobId, async (job) => {
    const hasTickets = job.recipients.some(({ ticketId }) => ticketId !== null);
    const detail = detailOf(job, hasTickets ? await showpad.requests(position) : []);
    if (job.state === push.state && detail === push.detail) return;
    push.state = job.state;
    push.detail = detail;
    push.job = job;
    onChange(push);
  });
}

/** How far each person's copy is: `jo done, sam asked 2×, lee failed`. */
function detailOf({ recipients }: Job, requests: readonly ShowpadRequest[]): string {
  if (recipients.every(({ state }) => state === 'waiting')) return '';
  const parts = recipients.map(({ email, state, ticketId }) => {
    const looks = ticketId === null ? 0 : looksAtTicket(ticketId, requests);
    return `${email.split('@', 1)[0] ?? ''} ${state === 'processing' && looks > 0 ? `asked ${looks}×` : state}`;
  });
  return parts.join(', ');
}
