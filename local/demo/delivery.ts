import type { Job } from './connector-client.ts';
import type { Publication } from './publications.ts';

/** An event on its way into Showpad, as it is watched. */
export interface Watched {
  /** The asset's name, and which of its events this is where it has several. */
  readonly title: string;
  /** Of its file, in bytes; undefined where it brings none. */
  readonly size: number | undefined;
  /** How its job has to end. */
  readonly expected: 'done' | 'failed' | 'superseded';
  /** `waiting` until it is sent, then the state of its job. */
  state: string;
  /** What there is to say besides; may be empty. */
  detail: string;
  sentAtMs: number | undefined;
  job: Job | undefined;
}

/** A publication on its way into Showpad. */
export interface Delivery extends Watched {
  readonly publication: Publication;
  /** How many requests Showpad had received when it was sent. */
  showpadPosition: number;
}

export function newWatched(
  title: string,
  size: number | undefined,
  expected: Watched['expected'] = 'done',
): Watched {
  return { title, size, expected, state: 'waiting', detail: '', sentAtMs: undefined, job: undefined };
}

export function newDelivery(
  publication: Publication,
  edition?: string,
  expected: Delivery['expected'] = 'done',
): Delivery {
  const { name } = publication.metadata;
  const title = edition === undefined ? name : `${name}, ${edition}`;
  return { ...newWatched(title, publication.content.size, expected), publication, showpadPosition: 0 };
}

export function hasEnded({ state }: Watched): boolean {
  return state === 'done' || state === 'failed' || state === 'superseded';
}

/** From the acceptance of its event to the end of its job, as the connector's own records have it. */
export function durationMs({ job }: Watched): number {
  return job === undefined ? 0 : Date.parse(job.updatedAt) - Date.parse(job.createdAt);
}
