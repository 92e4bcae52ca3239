import * as fc from 'fast-check';
import {
  desiredName,
  emptyDesiredState,
  mergeWishes,
  wishesOf,
  type DesiredState,
} from '../../lib/desired-state.ts';
import { parseCloudEvent } from '../../lib/events.ts';
import type { TagWish } from '../../lib/metadata.ts';

/** An event of some subject; `minute` is its place among the others. */
export interface ShuffledEvent {
  readonly type: string;
  readonly minute: number;
  readonly data: Readonly<Record<string, unknown>>;
}

/** How the events of one subject arrive: in bursts, each of which is let come to rest before the next. */
export interface Deliveries {
  readonly events: readonly ShuffledEvent[];
  /** Indexes into `events`; each stands here at least once. */
  readonly bursts: readonly (readonly number[])[];
}

/** What a person sees in the library. */
export interface Seen {
  readonly name: string;
  readonly description: string | null;
  readonly languages: readonly string[];
  readonly isSensitive: boolean;
  readonly isShareable: boolean;
  readonly tags: readonly string[];
  readonly isArchived: boolean;
  /** The file that it shows, by its URL. */
  readonly url: string;
}

export const contentNames = ['one.pdf', 'two.pdf', 'three.pdf'] as const;
/** Stands for the place of the files, which is not known before they are served. */
const placeholder = 'https://files.example.com';

const tag = fc.constantFrom('red', 'green', 'blue');
const tags = fc.uniqueArray(tag, { maxLength: 2 });
const wholeMetadata = fc.record({
  name: fc.constantFrom('First.pdf', 'Second.pdf'),
  description: fc.constantFrom('text', 'other text', null),
  languages: fc.subarray(['en', 'de']),
  isSensitive: fc.boolean(),
  permissions: fc.record({ isShareable: fc.boolean() }),
  tags,
});
const fieldNames = ['name', 'description', 'languages', 'isSensitive', 'permissions', 'tags'] as const;
// Few fields at a time: what one event leaves alone is what another has set.
const metadata = fc
  .tuple(wholeMetadata, fc.subarray([...fieldNames], { minLength: 1, maxLength: 3 }))
  .map(([whole, names]) => Object.fromEntries(names.map((name) => [name, whole[name]])));
const file = fc.constantFrom(...contentNames).map(fileAt);
const tagChange = fc
  .uniqueArray(tag, { minLength: 1, maxLength: 3 })
  .chain((changed) =>
    fc.subarray(changed).map((add) => ({ add, remove: changed.filter((name) => !add.includes(name)) })),
  );
const something = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant('asset.upsert'),
      data: fc.record({ file, metadata }, { requiredKeys: ['file'] }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constant('asset.metadata'), data: fc.record({ metadata }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constant('asset.metadata'), data: fc.record({ tags: tagChange }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constantFrom('asset.archive', 'asset.restore', 'asset.delete', 'asset.delete'),
      data: fc.constant({}),
    }),
  },
);

/**
 * Up to ten events of one subject in any order, some of them more than once: because they are delivered twice, or
 * because their sender has not seen the answer.
 */
export const arbitraryDeliveries: fc.Arbitrary<Deliveries> = fc
  .array(something, { minLength: 1, maxLength: 10, size: 'max' })
  .map((drawn) => drawn.map((event, index): ShuffledEvent => ({ ...event, minute: index })))
  .chain((events) => {
    const indexes = [...events.keys()];
    return fc.record({
      events: fc.constant(events),
      bursts: fc
        .tuple(
          fc.shuffledSubarray(indexes, { minLength: indexes.length }),
          fc.subarray(indexes, { maxLength: Math.min(3, indexes.length) }),
          fc.subarray([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], { maxLength: 4 }),
        )
        .chain(([order, again, cuts]) =>
          // What comes again may come anywhere: before, between or after the others.
          fc
            .array(fc.nat({ max: 12 }), { minLength: again.length, maxLength: again.length })
            .map((places) => cut(insert(order, again, places), cuts)),
        ),
    });
  });

function insert(order: readonly number[], again: readonly number[], places: readonly number[]): number[] {
  return again.reduce<number[]>(
    (arrivals, event, nth) => arrivals.toSpliced(Math.min(places[nth] ?? 0, arrivals.length), 0, event),
    [...order],
  );
}

function cut(arrivals: readonly number[], cuts: readonly number[]): number[][] {
  const ends = [...cuts.filter((end) => end < arrivals.length), arrivals.length].toSorted((a, b) => a - b);
  return ends.map((end, nth) => arrivals.slice(ends[nth - 1] ?? 0, end));
}

/** The event as its source words it. Events with the same subject, minute and run have the same id. */
export function cloudEventOf(
  { type, minute, data }: ShuffledEvent,
  subject: string,
  filesUrl: string,
): Record<string, unknown> {
  return {
    specversion: '1.0',
    id: `${subject}/${minute}`,
    source: '/tests',
    subject,
    type,
    time: new Date(Date.UTC(2026, 10, 1, 0, minute)).toISOString(),
    data: JSON.parse(JSON.stringify(data).replaceAll(placeholder, filesUrl)) as unknown,
  };
}

/** A file as events name it, before its place is known. */
export function fileAt(name: string): { readonly url: string; readonly name: string } {
  return { url: `${placeholder}/${name}`, name };
}

/** What the pure merge makes of events that arrive so. */
export function merge(events: readonly ShuffledEvent[]): DesiredState {
  return events.reduce((desired, event) => {
    const parsed = parseCloudEvent(cloudEventOf(event, 'subject', placeholder), new Date(0));
    if ('faults' in parsed) throw new Error(JSON.stringify(parsed.faults));
    return mergeWishes(desired, parsed.event.order, wishesOf(parsed.event, 'delete'));
  }, emptyDesiredState);
}

/** What must be in the library in the end; null for nothing. */
export function wantedOf(desired: DesiredState): Seen | null {
  const { content, lifecycle, fields, tagChanges } = desired;
  if (content === undefined || !('file' in content.value) || lifecycle?.value === 'deleted') return null;
  const value = <Value>(name: string, otherwise: Value): Value =>
    name in fields ? (fields[name]?.value as Value) : otherwise;
  const names = new Set(value<TagWish[]>('tags', []));
  for (const { value: change } of Object.values(tagChanges)) {
    if (change.action === 'add') names.add(change.tag);
    else names.delete(change.tag);
  }
  return {
    name: desiredName(desired) ?? '',
    description: value('description', null),
    languages: value<string[]>('languages', []).toSorted(),
    isSensitive: value('isSensitive', false),
    isShareable: value('permissions.isShareable', true),
    tags: [...names].map(String).toSorted(),
    isArchived: lifecycle?.value === 'archived',
    url: content.value.file.url,
  };
}

/**
 * The most uploads that deliveries are worth: one for each time that other bytes than before became the newest,
 * and one for each time that a permanent delete became known under content that outlives it.
 */
export function mostUploads({ events, bursts }: Deliveries): number {
  const arrived: ShuffledEvent[] = [];
  let uploads = 0;
  let before = '';
  for (const index of bursts.flat()) {
    const event = events[index];
    if (event !== undefined) arrived.push(event);
    const { content, erasedBefore } = merge(arrived);
    const url = content !== undefined && 'file' in content.value ? content.value.file.url : '';
    const now = `${url} ${erasedBefore ?? ''}`;
    if (now !== before && url !== '') uploads += 1;
    before = now;
  }
  return uploads;
}
