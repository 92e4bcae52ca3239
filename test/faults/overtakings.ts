import { setTimeout as pause } from 'node:timers/promises';
import type { FaultRig } from './fault-rig.ts';
import { change, shown, upsert } from './flows.ts';
import { commonProblems, violations, type Expected } from './invariants.ts';
import type { Fate } from './invocation.ts';
import type { Run } from './run.ts';
import { sampled } from './sampled.ts';
import { inLanes } from './stop-points.ts';

type Event = (subject: string, rig: FaultRig) => object;

/** An event that another overtakes while it is worked on: what the second wants is what is there, or nearly so. */
export interface Overtaking {
  readonly name: string;
  readonly source: 'demo' | 'purge';
  /** One after the other, each to its end. */
  readonly before: readonly Event[];
  /** At once, in this order; the calls of the first are those at which it is overtaken. */
  readonly overtaken: readonly Event[];
  readonly overtaking: Event;
  readonly expected: (subject: string) => Expected | null;
  /** Bytes that were there before are sent once more, because others had taken their place. */
  readonly sendsAgain?: true;
}

const link = 'https://www.example.com/';
const linkAt = (minute: number) => change('asset.upsert', minute, { url: link });
const metadata = (minute: number, data: object) => change('asset.metadata', minute, data);
const describe = (minute: number, description: string) => metadata(minute, { metadata: { description } });
const tag = (name: string) => ({ tags: { add: [{ name }] } });
const firstTagOnly = (minute: number, subject: string) =>
  metadata(minute, { metadata: { tags: [{ name: `first of ${subject}` }] } });
const fileAt =
  (minute: number): Event =>
  (subject, rig) =>
    upsert(minute, subject, rig);
/** A list of tags would take the place of tags that are older. */
const untaggedAt =
  (minute: number): Event =>
  (subject, rig) => {
    const { file, metadata: whole } = upsert(minute, subject, rig).data;
    return change('asset.upsert', minute, { file, metadata: { description: whole.description } });
  };
const bytesOf = (first: number, minute: number, subject: string, rig: FaultRig) =>
  change('asset.upsert', minute, upsert(first, subject, rig).data);

export const overtakings: readonly Overtaking[] = [
  {
    name: 'an archive by a restore',
    source: 'demo',
    before: [fileAt(1)],
    overtaken: [() => change('asset.archive', 2)],
    overtaking: () => change('asset.restore', 3),
    expected: (subject) => shown(1, subject),
  },
  {
    name: 'a value by the one before',
    source: 'demo',
    before: [fileAt(1)],
    overtaken: [() => describe(2, 'changed')],
    overtaking: (subject) => describe(3, `${subject} of minute 1`),
    expected: (subject) => shown(1, subject),
  },
  {
    name: 'a tag by the list without it',
    source: 'demo',
    before: [fileAt(1)],
    overtaken: [() => metadata(2, tag('too many'))],
    overtaking: (subject) => firstTagOnly(3, subject),
    expected: (subject) => shown(1, subject),
  },
  {
    name: 'a file by the one before',
    source: 'demo',
    before: [fileAt(1)],
    overtaken: [fileAt(2)],
    overtaking: (subject, rig) => bytesOf(1, 3, subject, rig),
    expected: (subject) => shown(1, subject),
    sendsAgain: true,
  },
  {
    name: 'a link by the one before',
    source: 'demo',
    before: [() => linkAt(1)],
    overtaken: [() => change('asset.upsert', 2, { url: 'https://www.example.com/other' })],
    overtaking: () => linkAt(3),
    expected: () => ({ md5: null, url: link, description: null, isArchived: false, tags: [] }),
  },
  {
    name: 'older metadata by a permanent delete between it and the file',
    source: 'purge',
    before: [untaggedAt(4)],
    overtaken: [() => metadata(1, tag('old'))],
    overtaking: () => change('asset.delete', 2),
    expected: (subject) => ({ ...shown(4, subject), tags: [] }),
  },
  {
    name: 'older and newer metadata by a permanent delete between them',
    source: 'purge',
    before: [untaggedAt(4)],
    overtaken: [() => metadata(5, tag('new')), () => metadata(1, tag('old'))],
    overtaking: () => change('asset.delete', 2),
    expected: (subject) => ({ ...shown(4, subject), tags: ['new'] }),
  },
  {
    name: 'a file by a permanent delete, after an earlier one',
    source: 'purge',
    before: [fileAt(1), () => change('asset.delete', 2)],
    overtaken: [fileAt(3)],
    overtaking: () => change('asset.delete', 4),
    expected: () => null,
  },
  {
    name: 'a first file by a permanent delete',
    source: 'purge',
    before: [],
    overtaken: [fileAt(1)],
    overtaking: () => change('asset.delete', 2),
    expected: () => null,
  },
];

/** What becomes of the invocation that is overtaken, after the call: it goes on half a minute later, or never. */
const fates = {
  slow: { kind: 'freeze', moment: 'after', forMs: 30_000, isCut: false },
  killed: { kind: 'kill', moment: 'after' },
} as const satisfies Record<string, Fate>;

export interface OvertakingReport {
  readonly calls: number;
  readonly stopped: number;
  readonly broken: readonly string[];
}

/** Longer than what is overtaken takes: where a call does not come again, the other event comes all the same. */
const latestMs = 300_000;

/**
 * Plays an overtaking once for each call that the first event makes: there its invocation stops, and the other event
 * comes.
 */
export async function overtakeEverywhere(
  { name, source, before, overtaken, overtaking, expected, sendsAgain }: Overtaking,
  rig: FaultRig,
  fate: keyof typeof fates,
): Promise<OvertakingReport> {
  const prepareAll = async (runs: readonly Run[]): Promise<void> => {
    for (const event of before) {
      await inLanes(runs, (run) => rig.send(run, { ...event(run.subject, rig) }));
      await rig.converge();
    }
    for (const run of runs) run.begin();
  };
  const subject = `${name.replaceAll(' ', '-')}-${fate}`;
  const undisturbed = rig.begin(source, subject);
  await prepareAll([undisturbed]);
  const [first, ...others] = overtaken;
  if (first === undefined) throw new Error('Something has to be overtaken.');
  await rig.send(undisturbed, { ...first(subject, rig) });
  await rig.converge();

  // Who tells others of an end has nothing to overtake.
  const tellsOthers = (point: string): boolean => point.startsWith('publish-outcome');
  const points = sampled(
    undisturbed.points.filter((point) => !tellsOthers(point)),
    3,
  );
  const runs = points.map((point, index) => ({
    point,
    run: rig.begin(source, `${subject}-${index}`),
    reached: Promise.withResolvers<void>(),
  }));
  await prepareAll(runs.map(({ run }) => run));
  for (const { run, point, reached } of runs) {
    run.decide = ({ label }, occurrence) => {
      if (run.faults.length > 0 || `${label} #${occurrence}` !== point) return { kind: 'none' };
      reached.resolve();
      return fates[fate];
    };
  }
  await inLanes(runs, async ({ run, reached }) => {
    const send = (event: Event) => rig.send(run, { ...event(run.subject, rig) });
    await Promise.all([
      send(first),
      ...others.map(send),
      Promise.race([reached.promise, pause(latestMs)]).then(() => send(overtaking)),
    ]);
  });
  await rig.converge();

  const broken: string[] = [];
  for (const { run, point } of runs) {
    const found = await violations(rig.connector, run, expected(run.subject));
    const counted = found.filter((line) => sendsAgain !== true || !line.endsWith('uploaded more than once'));
    broken.push(...counted.map((violation) => `${name}, ${fate} at ${point}: ${violation}`));
  }
  broken.push(...(await commonProblems(rig)));
  return { calls: runs.length, stopped: runs.filter(({ run }) => run.faults.length > 0).length, broken };
}
