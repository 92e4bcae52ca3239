import { md5 } from '../connector.ts';
import { chance, choice, shuffled } from './chance.ts';
import type { FaultRig } from './fault-rig.ts';
import { pdf } from './flows.ts';
import { violations, type Expected } from './invariants.ts';
import type { Tale } from './tale.ts';

type Type = 'asset.upsert' | 'asset.metadata' | 'asset.archive' | 'asset.restore' | 'asset.delete';

interface StoryEvent {
  readonly id: string;
  readonly minute: number;
  readonly type: Type;
  /** The bytes of an upsert. */
  readonly content: Buffer;
  readonly description: string;
  readonly added: string;
  readonly removed: string;
}

/** Within how much time the events of a story come: all at once, or over many minutes. */
const spreadsMs: readonly [number, ...number[]] = [0, 20_000, 600_000];

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

/** The life of an asset: what is asked of it comes in any order, some of it twice. */
export function assetStory(seed: number, { serve }: FaultRig['connector']): Tale {
  const subject = `seed-${seed}`;
  const throwDice = (...words: (string | number)[]) => chance(seed, ...words);
  const source = throwDice('source') < 0.3 ? 'purge' : 'demo';
  const count = 2 + Math.floor(throwDice('count') * 4);
  const events: StoryEvent[] = [];
  for (let minute = 0; minute < count; minute += 1) {
    const type = choice(types, seed, 'type', minute);
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
  const spreadMs = choice(spreadsMs, seed, 'spread');
  const deliveries = shuffled([...complete, ...twice], seed, 'order').map((event, index) => ({
    event: cloudEventOf(event, serve),
    atMs: Math.round(throwDice('at', index) * spreadMs),
  }));
  const expected = expectedOf(complete, source);
  return {
    source,
    subject,
    deliveries,
    problems: ({ connector }, run) => violations(connector, run, expected),
  };
}

/** What nothing ever brings would be waited for until the deadline: every story that goes on has an upsert. */
function withUpsert(events: readonly StoryEvent[], source: Tale['source']): StoryEvent[] {
  const gone = source === 'purge' ? events.findLastIndex(({ type }) => type === 'asset.delete') : -1;
  const alive = events.slice(gone + 1);
  if (alive.length === 0 || alive.some(({ type }) => type === 'asset.upsert')) return [...events];
  return events.map((event, index) => (index === gone + 1 ? { ...event, type: 'asset.upsert' } : event));
}

function expectedOf(events: readonly StoryEvent[], source: Tale['source']): Expected | null {
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

function cloudEventOf(event: StoryEvent, serve: (name: string, content: Buffer) => string): object {
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
