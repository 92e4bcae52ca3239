import { md5 } from '../connector.ts';
import type { FaultRig } from './fault-rig.ts';
import type { Expected } from './invariants.ts';
import type { Run } from './run.ts';

/** A story whose every call to the outside is a point at which it can be ended. */
export interface Flow {
  readonly name: string;
  readonly source: 'demo' | 'purge';
  /** What has happened before, undisturbed. */
  readonly before: (subject: string, rig: FaultRig) => readonly object[];
  readonly event: (subject: string, rig: FaultRig) => object;
  readonly expected: (subject: string) => Expected | null;
}

const at = (minute: number) => new Date(Date.UTC(2026, 9, 1, 0, minute)).toISOString();
export const pdf = (text: string) => Buffer.from(`%PDF-1.7\n${text}\nstartxref\n0\n%%EOF\n`);

function upsert(minute: number, subject: string, { connector }: FaultRig) {
  const content = `${subject} of minute ${minute}`;
  const url = connector.serve(`${subject}-${minute}.pdf`, pdf(content));
  const metadata = { description: content, tags: [{ name: `first of ${subject}` }] };
  return { type: 'asset.upsert', time: at(minute), data: { file: { url, name: 'Flow.pdf' }, metadata } };
}
const change = (type: string, minute: number, data: object = {}) => ({ type, time: at(minute), data });

const shown = (minute: number, subject: string): Expected => ({
  md5: md5(pdf(`${subject} of minute ${minute}`)),
  url: null,
  description: `${subject} of minute ${minute}`,
  isArchived: false,
  tags: [`first of ${subject}`],
});

const link = 'https://www.example.com/';

export const upsertFlow: Flow = {
  name: 'an upsert with a file',
  source: 'demo',
  before: () => [],
  event: (subject, rig) => upsert(1, subject, rig),
  expected: (subject) => shown(1, subject),
};

export const otherFlows: readonly Flow[] = [
  {
    name: 'an upsert with a new version',
    source: 'demo',
    before: (subject, rig) => [upsert(1, subject, rig)],
    event: (subject, rig) => upsert(2, subject, rig),
    expected: (subject) => shown(2, subject),
  },
  {
    name: 'an upsert with a link',
    source: 'demo',
    before: () => [],
    event: () => change('asset.upsert', 1, { url: link, metadata: { description: 'a link' } }),
    expected: () => ({ md5: null, url: link, description: 'a link', isArchived: false, tags: [] }),
  },
  {
    name: 'metadata and tags',
    source: 'demo',
    before: (subject, rig) => [upsert(1, subject, rig)],
    event: (subject) =>
      change('asset.metadata', 2, {
        metadata: { description: 'changed' },
        tags: { add: [{ name: `second of ${subject}` }], remove: [{ name: `first of ${subject}` }] },
      }),
    expected: (subject) => ({ ...shown(1, subject), description: 'changed', tags: [`second of ${subject}`] }),
  },
  {
    name: 'an archive',
    source: 'demo',
    before: (subject, rig) => [upsert(1, subject, rig)],
    event: () => change('asset.archive', 2),
    expected: (subject) => ({ ...shown(1, subject), isArchived: true }),
  },
  {
    name: 'a restore',
    source: 'demo',
    before: (subject, rig) => [upsert(1, subject, rig), change('asset.archive', 2)],
    event: () => change('asset.restore', 3),
    expected: (subject) => shown(1, subject),
  },
  {
    name: 'a permanent delete',
    source: 'purge',
    before: (subject, rig) => [upsert(1, subject, rig)],
    event: () => change('asset.delete', 2),
    expected: () => null,
  },
  {
    name: 'a new asset after a permanent delete',
    source: 'purge',
    before: (subject, rig) => [upsert(1, subject, rig), change('asset.delete', 2)],
    event: (subject, rig) => upsert(3, subject, rig),
    expected: (subject) => shown(3, subject),
  },
];

/** Lets a run of a flow come to the point where its event may be sent. */
export async function prepare(flow: Flow, run: Run, rig: FaultRig): Promise<void> {
  for (const event of flow.before(run.subject, rig)) await rig.send(run, { ...event });
}
