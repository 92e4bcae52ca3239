import type { FaultRig } from './fault-rig.ts';
import { prepare, type Flow } from './flows.ts';
import type { Moment, OutsideCall } from './invocation.ts';
import { leftovers, violations } from './invariants.ts';
import type { Run } from './run.ts';

export interface KillReport {
  /** Calls to the outside, and runs: one for each moment of each call. */
  readonly points: number;
  readonly runs: number;
  readonly kills: number;
  /** What was broken, with the point at which the invocation had been killed. */
  readonly broken: readonly string[];
  /**
   * Calls at which no invocation was killed. A repetition that only chance brought into the undisturbed run, such as
   * a second look at a file, need not come again.
   */
  readonly missed: readonly string[];
  readonly staged: readonly string[];
}

const sendersAtOnce = 12;

/**
 * Lets a flow run undisturbed to find its calls to the outside, and then once for each moment of each call, with
 * its invocation killed there.
 * @param name makes the subjects of these runs different from all others
 * @param moments at which invocations are killed: all of them by default
 */
export async function killEverywhere(
  flow: Flow,
  name: string,
  rig: FaultRig,
  moments: readonly Moment[] = ['before', 'midway', 'after'],
): Promise<KillReport> {
  const undisturbed = rig.begin(flow.source, name.replaceAll(' ', '-'));
  await prepare(flow, undisturbed, rig);
  await rig.converge();
  undisturbed.begin();
  await rig.send(undisturbed, { ...flow.event(undisturbed.subject, rig) });
  await rig.converge();
  const broken = await problemsOf(flow, undisturbed, 'undisturbed', rig);

  const calls = [...undisturbed.calls];
  const plans = undisturbed.points.flatMap((point, index) =>
    momentsOf(calls[index])
      .filter((moment) => moments.includes(moment))
      .map((moment) => ({ point, moment })),
  );
  const runs = plans.map((plan, index) => ({
    ...plan,
    run: rig.begin(flow.source, `${undisturbed.subject}-${index}`),
  }));
  await inLanes(runs, ({ run }) => prepare(flow, run, rig));
  await rig.converge();
  for (const { run, point, moment } of runs) {
    run.begin();
    run.decide = ({ label }, occurrence) =>
      run.faults.length === 0 && `${label} #${occurrence}` === point
        ? { kind: 'kill', moment }
        : { kind: 'none' };
  }
  await inLanes(runs, async ({ run }) => {
    await rig.send(run, { ...flow.event(run.subject, rig) });
    // What was killed comes back while the others still come, before any index has caught up.
    await rig.connector.stack.redeliver();
  });
  await rig.converge();

  for (const { run, point, moment } of runs) {
    broken.push(...(await problemsOf(flow, run, `killed ${moment} ${point}`, rig)));
  }
  const { staged, deadLetters } = await leftovers(rig.connector);
  broken.push(...deadLetters.map((letter) => `a dead letter: ${letter}`));
  broken.push(...rig.writes.takeOverlaps().map((overlap) => `overlapping writes: ${overlap}`));
  broken.push(...staged.filter((key) => !key.startsWith('staged/')).map((key) => `${key} never expires`));
  const killed = new Set(runs.filter(({ run }) => run.faults.length > 0).map(callOf));
  return {
    points: undisturbed.points.length,
    runs: runs.length,
    kills: runs.filter(({ run }) => run.faults.length > 0).length,
    broken,
    missed: [...new Set(plans.map(callOf))].filter((call) => !killed.has(call)),
    staged,
  };
}

async function problemsOf(flow: Flow, run: Run, what: string, { connector }: FaultRig): Promise<string[]> {
  const found = await violations(connector, run, flow.expected(run.subject));
  return found.map((violation) => `${flow.name}, ${what}: ${violation}`);
}

function callOf({ point, moment }: { readonly point: string; readonly moment: Moment }): string {
  return `${moment} ${point.replace(/ #\d+$/, '')}`;
}

/** Only the transfers of a file have a middle. */
function momentsOf(call: OutsideCall | undefined): readonly Moment[] {
  const isTransfer = call?.system === 'upload' || call?.system === 'source';
  return isTransfer ? ['before', 'midway', 'after'] : ['before', 'after'];
}

async function inLanes<T>(items: readonly T[], task: (item: T) => Promise<void>): Promise<void> {
  const left = [...items];
  const lanes = Array.from({ length: sendersAtOnce }, async () => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await task(item);
  });
  await Promise.all(lanes);
}
