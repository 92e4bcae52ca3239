import { chance, shuffled } from './chance.ts';
import { pdf } from './flows.ts';
import type { Expected } from './invariants.ts';
import { cloudEventOf, tellStory, type Story } from './story.ts';
import { md5 } from '../connector.ts';

/** A push of one file into the My Files of some people. */
export interface PushStory {
  readonly id: string;
  readonly content: Buffer;
  readonly fileName: string;
  readonly recipients: readonly string[];
}

export interface Sending {
  readonly source: string;
  readonly id: string;
  readonly event: Readonly<Record<string, unknown>>;
}

/** Everything that is sent, in the order of delivery, and what has to come of it. */
export interface PowerCutEvents {
  readonly sendings: readonly Sending[];
  readonly stories: readonly Pick<Story, 'source' | 'subject' | 'expected'>[];
  readonly pushes: readonly PushStory[];
  readonly jobs: number;
}

interface Share {
  readonly sources: readonly Story['source'][];
  /** Events of stories with changes of metadata, tags and lifecycle in any order, some delivered twice. */
  readonly stories: number;
  readonly pushes: number;
  /** Files that are sent once. */
  readonly files: number;
}

const mostVersions = 4;
/** Of everything that is sent. */
const stretch = 0.04;

/** What changes an asset comes later for the most part: a change that comes first waits, longer and longer. */
const upserts = 0.7;

/**
 * So many events that each make a job; those that are in no share are files with a few versions each, in any order:
 * what is told of one subject comes in one stretch, as it does where people work on it.
 */
export function tellEvents(
  seed: number,
  jobs: number,
  share: Share,
  people: readonly string[],
  serve: (name: string, content: Buffer) => string,
): PowerCutEvents {
  const stories: Story[] = [];
  const count = (told: readonly Story[]) =>
    new Set(told.flatMap(({ deliveries }) => deliveries.map(({ id }) => id))).size;
  for (let number = 0; count(stories) < share.stories; number += 1) {
    const story = tellStory(seed, `story-${number}`);
    if (share.sources.includes(story.source)) stories.push(story);
  }
  for (let file = 0; file < share.files; file += 1) stories.push(plainStory(`seed-${seed}-file-${file}`, 1));
  for (let left = jobs - Math.round(share.pushes) - count(stories); left > 0; left -= mostVersions) {
    stories.push(plainStory(`seed-${seed}-versions-${left}`, Math.min(left, mostVersions)));
  }
  const pushes = Array.from({ length: Math.round(share.pushes) }, (_, index) =>
    tellPush(seed, index, people),
  );
  const sendings = stories.flatMap(({ source, subject, deliveries }) =>
    deliveries.map((event) => ({ source, id: event.id, event: { subject, ...cloudEventOf(event, serve) } })),
  );
  const placeOf = ({ id, event: { subject, type } }: Sending): number => {
    const place = chance(seed, 'stretch', String(subject)) + stretch * chance(seed, 'place', id);
    return type === 'asset.upsert' || type === 'myfiles.upload' ? place * upserts : upserts / 2 + place / 2;
  };
  return {
    sendings: [...sendings, ...pushes.map((push) => pushSending(push, serve))]
      .map((sending) => ({ sending, at: placeOf(sending) }))
      .toSorted((left, right) => left.at - right.at)
      .map(({ sending }) => sending),
    stories,
    pushes,
    jobs,
  };
}

function plainStory(subject: string, versions: number): Story {
  const deliveries = Array.from({ length: versions }, (_, minute) => ({
    id: `${subject}-${minute}`,
    minute,
    type: 'asset.upsert' as const,
    content: pdf(`${subject} ${minute}`),
    description: `${subject} ${minute}`,
    added: '',
    removed: '',
  }));
  const newest = deliveries.at(-1);
  const expected: Expected = {
    md5: md5(newest?.content ?? ''),
    url: null,
    description: newest?.description ?? null,
    isArchived: false,
    tags: [],
  };
  return { source: 'demo', subject, deliveries, expected };
}

function tellPush(seed: number, index: number, people: readonly string[]): PushStory {
  const name = `push-${seed}-${index}`;
  // What Showpad does not process it takes as it is, without a ticket by which a lost answer could be found again.
  const isProcessed = chance(seed, name, 'type') < 0.8;
  const recipients = shuffled(people, seed, name).slice(0, 1 + Math.floor(chance(seed, name, 'count') * 3));
  return {
    id: name,
    content: isProcessed ? pdf(name) : Buffer.from(name),
    fileName: isProcessed ? `${name}.pdf` : `${name}.bin`,
    recipients,
  };
}

const pushedAt = '2026-09-01T00:00:00Z';

function pushSending(push: PushStory, serve: (name: string, content: Buffer) => string): Sending {
  const { id, content, fileName, recipients } = push;
  const file = { url: serve(fileName, content), name: fileName };
  const event = { id, subject: id, type: 'myfiles.upload', time: pushedAt, data: { recipients, file } };
  return { source: 'demo', id, event };
}
