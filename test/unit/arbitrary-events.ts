import * as fc from 'fast-check';
import { wishesOf, type Wish } from '../../lib/desired-state.ts';
import type { EventOrder } from '../../lib/event-order.ts';
import { parseCloudEvent } from '../../lib/events.ts';

/** What an event brings to the desired state. */
export interface Laid {
  readonly order: EventOrder;
  readonly wishes: readonly Wish[];
}

const receivedAt = new Date('2026-06-01T12:00:00Z');

/** An event of the subject `s`, as the door would let it in. */
export function laid(
  id: string,
  second: number,
  type: string,
  data: unknown = {},
  onDelete: 'archive' | 'delete' = 'archive',
): Laid {
  const parsed = parseCloudEvent(
    {
      specversion: '1.0',
      id,
      source: '/test',
      subject: 's',
      type,
      time: new Date(second * 1000).toISOString(),
      data,
    },
    receivedAt,
  );
  if ('faults' in parsed) throw new Error(JSON.stringify(parsed.faults));
  return { order: parsed.event.order, wishes: wishesOf(parsed.event, onDelete) };
}

const tag = fc.constantFrom('red', 'green', '__proto__', { id: 'red' }, { name: 'red', category: 'colours' });
const metadata = fc.record(
  {
    name: fc.constantFrom('One', 'Two'),
    description: fc.constantFrom('text', null),
    languages: fc.subarray(['en', 'de']),
    tags: fc.array(tag, { maxLength: 2 }),
    isSensitive: fc.boolean(),
    permissions: fc.record({ isShareable: fc.boolean(), isEditable: fc.boolean() }, { requiredKeys: [] }),
  },
  { requiredKeys: [] },
);
const file = fc
  .constantFrom('a.pdf', 'b.pdf')
  .map((name) => ({ url: `https://cdn.example.com/${name}`, name }));
const upsert = fc.oneof(
  fc.record({ file, metadata }, { requiredKeys: ['file'] }),
  fc.record({ url: fc.constantFrom('https://a.example.com', 'https://b.example.com') }),
);
const change = fc.oneof(
  fc.record({ metadata: metadata.map((some) => ({ isDivisionShared: true, ...some })) }),
  fc.record({
    tags: fc.record({ add: fc.array(tag, { maxLength: 2 }), remove: fc.array(tag, { maxLength: 2 }) }),
  }),
  fc.record({ metadata, tags: fc.record({ add: fc.array(tag, { maxLength: 2 }) }) }),
);
const something = fc.oneof(
  { weight: 3, arbitrary: fc.record({ type: fc.constant('asset.upsert'), data: upsert }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('asset.metadata'), data: change }) },
  fc.record({
    type: fc.constantFrom('tag.upsert', 'tag.delete'),
    data: fc.record({ name: fc.constantFrom('red', 'green') }),
  }),
  fc.record({
    type: fc.constantFrom('asset.archive', 'asset.restore', 'asset.delete', 'something.else'),
    data: fc.constant({}),
  }),
);

/** One to ten events of one subject, of mixed types and with some equal times, in their right order. */
export const arbitraryEvents: fc.Arbitrary<Laid[]> = fc
  .tuple(
    fc.array(fc.tuple(something, fc.integer({ min: 1, max: 8 })), { minLength: 1, maxLength: 10 }),
    fc.constantFrom<'archive' | 'delete'>('archive', 'delete'),
  )
  .map(([drawn, onDelete]) =>
    drawn
      .map(([{ type, data }, second], index) => laid(`event-${index}`, second, type, data, onDelete))
      .toSorted((left, right) => (left.order < right.order ? -1 : 1)),
  );
