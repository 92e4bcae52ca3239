import { afterAll, beforeAll, expect, test } from 'vitest';
import { md5, type JobView } from '../connector.ts';
import { startFaultRig, type FaultRig } from './fault-rig.ts';
import { fileOf } from './flows.ts';
import type { Moment } from './invocation.ts';
import type { Run } from './run.ts';
import { sampled } from './sampled.ts';

const recipient = 'jo@example.com';
const upload = 'upload-personal-file: POST /api/v3/divisions/{id}/assets.json';
const record = 'upload-personal-file: Update MYFILES SET copy';

interface PushView extends JobView {
  readonly recipients: readonly {
    readonly state: string;
    readonly error: { readonly code: string } | null;
  }[];
}

/** A file for My Files, by what Showpad answers to its upload. */
interface Kind {
  readonly answer: 'a ticket' | 'an asset';
  readonly extension: string;
  /** Of an invocation that dies between these two calls nobody can know whether the file has arrived. */
  readonly unknowable: { readonly from: string; readonly to: string };
}
// An administrator may not look into the My Files of others: what was about to be sent when its sender died, and
// shows no ticket, is not sent again on a guess.
const kinds: readonly Kind[] = [
  { answer: 'a ticket', extension: 'pdf', unknowable: { from: `${record} #1`, to: `${upload} #1` } },
  { answer: 'an asset', extension: 'png', unknowable: { from: `${record} #1`, to: `${record} #2` } },
];

let rig: FaultRig;
beforeAll(async () => {
  rig = await startFaultRig({ indexLagMs: 0, processingMs: 200 });
});
afterAll(() => rig.stop());

test.each(kinds)(
  'a push answered with $answer makes no second copy, whichever of its calls an invocation dies at',
  { timeout: 1_200_000 },
  async (kind) => {
    const undisturbed = rig.begin('demo', `push-${kind.extension}`);
    await rig.send(undisturbed, pushOf(undisturbed, kind));
    await rig.converge();
    const broken = [...(await problemsOf(undisturbed, 'undisturbed', kind, false))];
    expect(undisturbed.points).toEqual(expect.arrayContaining([`${upload} #1`, `${record} #2`]));

    const moments: readonly Moment[] = ['before', 'after'];
    const all = undisturbed.points.flatMap((point) => moments.map((moment) => ({ point, moment })));
    const plans = sampled(all, 5);
    const runs = plans.map((plan, index) => ({
      ...plan,
      run: rig.begin('demo', `push-${kind.extension}-${index}`),
    }));
    for (const { run, point, moment } of runs) {
      run.decide = ({ label }, occurrence) =>
        run.faults.length === 0 && `${label} #${occurrence}` === point
          ? { kind: 'kill', moment }
          : { kind: 'none' };
    }
    await Promise.all(runs.map(({ run }) => rig.send(run, pushOf(run, kind))));
    await rig.converge();

    for (const { run, point, moment } of runs) {
      const isUnknowable = isBetween(undisturbed.points, { point, moment }, kind.unknowable);
      broken.push(...(await problemsOf(run, `${moment} ${point}`, kind, isUnknowable)));
    }
    expect(broken).toEqual([]);
    expect(runs.filter(({ run }) => run.faults.length > 0).length).toBeGreaterThan(runs.length * 0.9);
    expect(await rig.connector.stack.deadLetters()).toEqual([]);
    expect(rig.outcomes.problems()).toEqual([]);
    expect(rig.outcomes.told).toBeGreaterThan(runs.length);
  },
);

function isBetween(
  points: readonly string[],
  { point, moment }: { readonly point: string; readonly moment: Moment },
  { from, to }: Kind['unknowable'],
): boolean {
  const at = points.indexOf(point) + (moment === 'after' ? 0.5 : -0.5);
  return at > points.indexOf(from) && at < points.indexOf(to);
}

function pushOf({ subject }: Run, { extension }: Kind): Readonly<Record<string, unknown>> {
  const name = `${subject}.${extension}`;
  const url = rig.connector.serve(name, fileOf(subject, extension));
  return { type: 'myfiles.upload', data: { recipients: [recipient], file: { url, name } } };
}

/** Every way in which a push that was killed at a point broke what is promised. */
async function problemsOf(run: Run, point: string, kind: Kind, isUnknowable: boolean): Promise<string[]> {
  const { showpad, get } = rig.connector;
  const [id = ''] = run.jobIds;
  const { state, error, recipients } = (await get<PushView>(`/jobs/${id}`)).body;
  const person = showpad.users.find(({ email }) => email === recipient);
  const copies =
    person?.myFiles.assets.filter((asset) => asset.md5 === md5(fileOf(run.subject, kind.extension))).length ??
    0;
  const [told] = recipients;
  const isDone = state === 'done' && told?.state === 'done' && copies === 1;
  const isUnknown =
    state === 'failed' &&
    error?.code === 'RECIPIENTS_FAILED' &&
    told?.error?.code === 'OUTCOME_UNKNOWN' &&
    copies <= 1;
  if (isDone || (isUnknown && isUnknowable)) return [];
  return [`${point}: ${copies} copies, job ${state}, recipient ${JSON.stringify(told)}`];
}
