import type { ConnectorClient, Receipt } from './connector-client.ts';
import { newDelivery } from './delivery.ts';
import type { Delivery, Watched } from './delivery.ts';
import type { FileServer } from './file-server.ts';
import { tellMetadataStory } from './metadata-story.ts';
import type { Snapshots, Steps } from './metadata-story.ts';
import { tellMyFilesStory } from './my-files-story.ts';
import type { Pushes } from './my-files-story.ts';
import type { Person } from './person.ts';
import type { PublicationName, Publications } from './publications.ts';
import type { ShowpadView } from './showpad-view.ts';

export interface Stage {
  readonly connector: ConnectorClient;
  readonly files: FileServer;
  readonly showpad: ShowpadView;
  readonly person: Person;
  /** Called whenever an event has come further. */
  readonly onChange: (watched: Watched) => void;
}

export type Deliveries = Readonly<Record<PublicationName, Delivery>>;

/** What the story leaves behind besides the deliveries themselves. */
export interface Told {
  /** How many requests Showpad received for the event that changed nothing, when nothing else was under way. */
  readonly requestsForUnchanged: number;
  /** The answers to the picture's event, which is delivered twice. */
  readonly pictureReceipts: readonly [Receipt, Receipt];
  /** What Showpad held after each step of the metadata story. */
  readonly snapshots: Snapshots;
}

/** Every publication of the story as a delivery that still waits, in the order in which they are shown. */
export function newDeliveries(publications: Publications): Deliveries {
  return {
    pitchDeck: newDelivery(publications.pitchDeck),
    priceList: newDelivery(publications.priceList),
    letter: newDelivery(publications.letter),
    picture: newDelivery(publications.picture),
    video: newDelivery(publications.video),
    recordings: newDelivery(publications.recordings),
    brochure: newDelivery(publications.brochure),
    brochureEdition2: newDelivery(publications.brochureEdition2, 'edition 2'),
    brochureUnchanged: newDelivery(publications.brochureUnchanged, 'unchanged'),
    handout: newDelivery(publications.handout, 'autumn'),
    handoutBefore: newDelivery(publications.handoutBefore, 'spring', 'superseded'),
    broken: newDelivery(publications.broken, undefined, 'failed'),
  };
}

/**
 * Publishes everything, as its source would. Settles when every job has ended, however it has ended.
 * @throws {Error} when the connector does not accept an event, or cannot be asked
 */
export async function tellStory(
  deliveries: Deliveries,
  steps: Steps,
  pushes: Pushes,
  stage: Stage,
): Promise<Told> {
  const { pitchDeck, priceList, letter, picture, video, recordings } = deliveries;
  const { brochure, brochureEdition2, brochureUnchanged, handout, handoutBefore, broken } = deliveries;

  const [pictureReceipts, snapshots] = await Promise.all([
    deliverTwice(picture, stage),
    tellMetadataStory(steps, stage),
    tellMyFilesStory(pushes, stage),
    // The large one, while everything else goes on beside it.
    publish(recordings, stage),
    publish(pitchDeck, stage),
    publish(priceList, stage),
    publish(letter, stage),
    publish(video, stage),
    // The second edition follows when the first is usable.
    publishInTurn([brochure, brochureEdition2], stage),
    // The newer event is there first; the older one has been held up on its way.
    publishOutOfOrder(handout, handoutBefore, stage),
    publish(broken, stage),
  ]);
  // The same bytes and metadata again, now that every call to Showpad would be theirs.
  await publish(brochureUnchanged, stage);
  const requestsForUnchanged = (await stage.showpad.position()) - brochureUnchanged.showpadPosition;
  return { pictureReceipts, requestsForUnchanged, snapshots };
}

async function publish(delivery: Delivery, stage: Stage): Promise<void> {
  const { jobId } = await send(delivery, stage);
  await follow(delivery, jobId, stage);
}

async function publishInTurn(deliveries: readonly Delivery[], stage: Stage): Promise<void> {
  for (const delivery of deliveries) await publish(delivery, stage);
}

async function publishOutOfOrder(newer: Delivery, older: Delivery, stage: Stage): Promise<void> {
  const newerSent = await send(newer, stage);
  const olderSent = await send(older, stage);
  await Promise.all([follow(newer, newerSent.jobId, stage), follow(older, olderSent.jobId, stage)]);
}

async function deliverTwice(delivery: Delivery, stage: Stage): Promise<[Receipt, Receipt]> {
  const first = await send(delivery, stage);
  const second = await stage.connector.deliver(
    delivery.publication,
    stage.files.urlOf(delivery.publication.content),
  );
  await follow(delivery, first.jobId, stage);
  return [first, second];
}

async function send(delivery: Delivery, { connector, files, showpad, onChange }: Stage): Promise<Receipt> {
  delivery.showpadPosition = await showpad.position();
  delivery.state = 'sent';
  delivery.sentAtMs = performance.now();
  onChange(delivery);
  return connector.deliver(delivery.publication, files.urlOf(delivery.publication.content));
}

async function follow(delivery: Delivery, jobId: string, { connector, onChange }: Stage): Promise<void> {
  delivery.job = await connector.follow(jobId, (job) => {
    if (job.state === delivery.state) return;
    delivery.state = job.state;
    delivery.job = job;
    onChange(delivery);
  });
}
