import { md5 } from '../connector.ts';
import { chance, choice, shuffled } from './chance.ts';
import { pdf } from './flows.ts';
import type { Expected } from './invariants.ts';

type Type = 'asset.upsert' | 'asset.metadata' | 'asset.archive' | 'asset.restore' | 'asset.delete';

export interface StoryEvent {
  readonly id: string;
  readonly minute: number;
  readonly type: Type;
  /** The bytes of an upsert. */
  readonly content: Buffer;
  readonly description: string;
  readonly added: string;
  readonly removed: string;
}

/** What happens to one subject of a seed, and what the library must show of it when all is done. */
export interface Story {
  readonly source: 'demo' | 'purge';
  readonly subject: string;
  /** In the order of delivery, some of them twice. */
  readonly deliveries: readonly StoryEvent[];
  readonly expected: Expected | null;
}

const types: readonly [Type, ...Type[]] = [
  'asset.upsert',
  'asset.upsert',
  'asset.upsert',
  'asset.metadata',
  'asset.metadata',
  'asset.archive',
  'asset.restore',
  'asset.delete',
];

/** @param name makes subjects of the same seed different */
export function tellStory(seed: number, name: string): Story {
  const subject = `seed-${seed}-${name}`;
  const throwDice = (...words: (string | number)[]) => chance(seed, name, ...words);
  const source = throwDice('source') < 0.3 ? 'purge' : 'demo';
  const count = 2 + Math.floor(throwDice('count') * 4);
  const events: StoryEvent[] = [];
  for (let minute = 0; minute < count; minute += 1) {
    const type = choice(types, seed, name, 'type', minute);
    const previous = events.findLast((event) => event.type === 'asset.upsert');
    const isUnchanged = previous !== undefined && throwDice('unchanged', minute) < 0.25;
    events.push({
      id: `${subject}-${minute}`,
      minute,
      type,
      content: isUnchanged ? previous.content : pdf(`${subject} ${minute}`),
      description: `${subject} ${minute}`,
      added: `${subject} tag ${minute}`,
      removed: `${subject} tag ${minute - 1}`,
    });
  }
  const complete = withUpsert(events, source);
  const twice = complete.filter(({ minute }) => throwDice('twice', minute) < 0.3);
  return {
    source,
    subject,
    deliveries: shuffled([...complete, ...twice], seed, name, 'order'),
    expected: expectedOf(complete, source),
  };
}

/** What nothing ever brings would be waited for until the deadline: every story that goes on has an upsert. */
function withUpsert(events: readonly StoryEvent[], source: Story['source']): StoryEvent[] {
  const gone = source === 'purge' ? events.findLastIndex(({ type }) => type === 'asset.delete') : -1;
  const alive = events.slice(gone + 1);
  if (alive.length === 0 || alive.some(({ type }) => type === 'asset.upsert')) return [...events];
  return events.map((event, index) => (index === gone + 1 ? { ...event, type: 'asset.upsert' } : event));
}

function expectedOf(events: readonly StoryEvent[], source: Story['source']): Expected | null {
  let shown: Expected | null = null;
  const empty: Expected = { md5: null, url: null, description: null, isArchived: false, tags: [] };
  for (const { type, content, description, added, removed } of events) {
    const before: Expected = shown ?? empty;
    const others = before.tags.filter((tag) => tag !== removed && tag !== added);
    if (type === 'asset.upsert') shown = { ...before, md5: md5(content), description, isArchived: false };
    else if (type === 'asset.metadata') shown = { ...before, description, tags: [...others, added] };
    else if (type === 'asset.restore') shown = { ...before, isArchived: false };
    else shown = type === 'asset.delete' && source === 'purge' ? null : { ...before, isArchived: true };
  }
  return shown;
}

/** The CloudEvent of an event. */
export function cloudEventOf(event: StoryEvent, serve: (name: string, content: Buffer) => string): object {
  const { id, minute, type, content, description, added, removed } = event;
  const time = new Date(Date.UTC(2026, 8, 1, 0, minute)).toISOString();
  const metadata = { description };
  const data = {
    'asset.upsert': { file: { url: serve(`${id}.pdf`, content), name: 'Story.pdf' }, metadata },
    'asset.metadata': { metadata, tags: { add: [{ name: added }], remove: [{ name: removed }] } },
    'asset.archive': {},
    'asset.restore': {},
    'asset.delete': {},
  }[type];
  return { id, time, type, data };
}
