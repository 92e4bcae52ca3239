import type { Job } from './connector-client.ts';
import type { Publication } from './publications.ts';

/** A publication on its way into Showpad. */
export interface Delivery {
  readonly publication: Publication;
  /** The asset's name, and which of its publications this is where it has several. */
  readonly title: string;
  /** How its job has to end. */
  readonly expected: 'done' | 'failed' | 'superseded';
  /** `waiting` until it is sent, then the state of its job. */
  state: string;
  sentAtMs: number | undefined;
  job: Job | undefined;
  /** How many requests Showpad had received when it was sent. */
  showpadPosition: number;
}

export function newDelivery(
  publication: Publication,
  edition?: string,
  expected: Delivery['expected'] = 'done',
): Delivery {
  const { name } = publication.metadata;
  return {
    publication,
    title: edition === undefined ? name : `${name}, ${edition}`,
    expected,
    state: 'waiting',
    sentAtMs: undefined,
    job: undefined,
    showpadPosition: 0,
  };
}

export function hasEnded({ state }: Delivery): boolean {
  return state === 'done' || state === 'failed' || state === 'superseded';
}

/** From the acceptance of its event to the end of its job, as the connector's own records have it. */
export function durationMs({ job }: Delivery): number {
  return job === undefined ? 0 : Date.parse(job.updatedAt) - Date.parse(job.createdAt);
}
