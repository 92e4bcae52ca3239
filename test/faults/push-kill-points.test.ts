import { afterAll, beforeAll, expect, test } from 'vitest';
import { md5, type JobView } from '../connector.ts';
import { startFaultRig, type FaultRig } from './fault-rig.ts';
import { pdf } from './flows.ts';
import type { Moment } from './invocation.ts';
import type { Run } from './run.ts';

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
  /** The kills after which nobody can know whether the file has arrived. */
  readonly unknowable: readonly string[];
}
// An administrator may not look into the My Files of others: what was about to be sent when its sender died, and
// shows no ticket, is not sent again on a guess.
const beforeSending = [`after ${record} #1`, `before ${upload} #1`];
const kinds: readonly Kind[] = [
  { answer: 'a ticket', extension: 'pdf', unknowable: beforeSending },
  {
    answer: 'an asset',
    extension: 'png',
    unknowable: [...beforeSending, `after ${upload} #1`, `before ${record} #2`],
  },
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
    const broken = [...(await problemsOf(undisturbed, kind, 'undisturbed'))];
    expect(undisturbed.points).toEqual(expect.arrayContaining([`${upload} #1`, `${record} #2`]));

    const moments: readonly Moment[] = ['before', 'after'];
    const plans = undisturbed.points.flatMap((point) => moments.map((moment) => ({ point, moment })));
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
      broken.push(...(await problemsOf(run, kind, `${moment} ${point}`)));
    }
    expect(broken).toEqual([]);
    expect(runs.filter(({ run }) => run.faults.length > 0).length).toBeGreaterThan(runs.length * 0.9);
    expect(await rig.connector.stack.deadLetters()).toEqual([]);
  },
);

function pushOf({ subject }: Run, { extension }: Kind): Readonly<Record<string, unknown>> {
  const name = `${subject}.${extension}`;
  const url = rig.connector.serve(name, pdf(subject));
  return { type: 'myfiles.upload', data: { recipients: [recipient], file: { url, name } } };
}

/** Every way in which a push that was killed at a point broke what is promised. */
async function problemsOf(run: Run, kind: Kind, point: string): Promise<string[]> {
  const { showpad, get } = rig.connector;
  const [id = ''] = run.jobIds;
  const { state, error, recipients } = (await get<PushView>(`/jobs/${id}`)).body;
  const person = showpad.users.find(({ email }) => email === recipient);
  const copies = person?.myFiles.assets.filter((asset) => asset.md5 === md5(pdf(run.subject))).length ?? 0;
  const [told] = recipients;
  const isDone = state === 'done' && told?.state === 'done' && copies === 1;
  const isUnknown =
    state === 'failed' &&
    error?.code === 'RECIPIENTS_FAILED' &&
    told?.error?.code === 'OUTCOME_UNKNOWN' &&
    copies <= 1;
  if (isDone || (isUnknown && kind.unknowable.includes(point))) return [];
  return [`${point}: ${copies} copies, job ${state}, recipient ${JSON.stringify(told)}`];
}
