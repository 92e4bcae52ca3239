import type { FaultRig } from './fault-rig.ts';
import type { Chain, Flow } from './flows.ts';
import type { Fate, Moment, OutsideCall } from './invocation.ts';
import { commonProblems, violations } from './invariants.ts';
import type { Run } from './run.ts';
import { sampled } from './sampled.ts';

/** A way to stop an invocation at a call. */
export interface Stop {
  readonly name: 'killed' | 'frozen';
  readonly momentsOf: (call: OutsideCall | undefined) => readonly Moment[];
  readonly fateAt: (moment: Moment) => Fate;
}

/** Only the transfers of a file have a middle. */
export const killed: Stop = {
  name: 'killed',
  momentsOf: (call) => {
    const isTransfer = call?.system === 'upload' || call?.system === 'source';
    return isTransfer ? ['before', 'midway', 'after'] : ['before', 'after'];
  },
  fateAt: (moment) => ({ kind: 'kill', moment }),
};

/**
 * The queue shows the message again, and somebody else takes the lease, before the process goes on where it stood. A
 * call that it was about to make stands for the answer to the call before.
 */
export const frozen: Stop = {
  name: 'frozen',
  momentsOf: () => ['after'],
  fateAt: () => ({ kind: 'freeze', moment: 'after', forMs: 740_000, isCut: false }),
};

/** Whoever has announced an end stands still, but not until others take over: the end comes long after its message. */
export const slowToEnd: Stop = {
  name: 'frozen',
  momentsOf: (call) => {
    const { label = '' } = call ?? {};
    const isAnnouncement = label.endsWith('outcome-queue') && !label.startsWith('publish-outcome');
    return isAnnouncement ? ['after'] : [];
  },
  fateAt: () => ({ kind: 'freeze', moment: 'after', forMs: 600_000, isCut: false }),
};

export interface StopReport {
  readonly flow: string;
  /** Calls to the outside, and runs: one for each moment of each call. */
  readonly points: number;
  readonly runs: number;
  readonly stops: number;
  /** What was broken, with the point at which the invocation had been stopped. */
  readonly broken: readonly string[];
  /**
   * Calls at which no invocation was stopped. A repetition that only chance brought into the undisturbed run, such as
   * a second look at a file, need not come again.
   */
  readonly missed: readonly string[];
}

const sendersAtOnce = 12;

/**
 * Lets every flow of a chain run undisturbed to find its calls to the outside, and then once for each moment of each
 * call, with its invocation stopped there. Whoever has come through one flow goes on with the next.
 * @param every how many moments there are for each that is tried where only a part is played
 */
export async function stopEverywhere(
  chain: Chain,
  rig: FaultRig,
  stop: Stop,
  every = 1,
): Promise<StopReport[]> {
  const undisturbed = rig.begin(chain.source, chain.name);
  const runs: Run[] = [];
  const reports: StopReport[] = [];
  for (const [position, flow] of chain.flows.entries()) {
    await flow.before?.(undisturbed, rig);
    await rig.converge();
    undisturbed.begin();
    await flow.tell(undisturbed, rig);
    await rig.converge();
    const broken = await problemsOf(flow, undisturbed, 'undisturbed', rig);
    const calls = [...undisturbed.calls];
    const all = undisturbed.points.flatMap((point, index) =>
      stop.momentsOf(calls[index]).map((moment) => ({ point, moment })),
    );
    const plans = sampled(all, every);
    runs.push(...(await newcomers(plans.length - runs.length, position, chain, rig)));

    const tried = plans.flatMap((plan, index) => {
      const run = runs[index];
      return run === undefined ? [] : [{ ...plan, run }];
    });
    if (flow.before !== undefined) await inLanes(tried, async ({ run }) => flow.before?.(run, rig));
    await rig.converge();
    for (const { run, point, moment } of tried) {
      run.begin();
      run.decide = ({ label }, occurrence) =>
        run.faults.length === 0 && `${label} #${occurrence}` === point
          ? stop.fateAt(moment)
          : { kind: 'none' };
    }
    await inLanes(tried, ({ run }) => flow.tell(run, rig));
    await rig.converge();

    for (const { run, point, moment } of tried) {
      broken.push(...(await problemsOf(flow, run, `${stop.name} ${moment} ${point}`, rig)));
    }
    broken.push(...(await commonProblems(rig)));
    const stopped = new Set(tried.filter(({ run }) => run.faults.length > 0).map(callOf));
    reports.push({
      flow: flow.name,
      points: undisturbed.points.length,
      runs: tried.length,
      stops: tried.filter(({ run }) => run.faults.length > 0).length,
      broken,
      missed: [...new Set(plans.map(callOf))].filter((call) => !stopped.has(call) && !isByChance(call)),
    });
    // Those for whom this flow had no call any more are not needed for the next.
    runs.length = Math.min(runs.length, tried.length);
  }
  return reports;
}

/** Runs that have come through the flows before, undisturbed. */
async function newcomers(count: number, position: number, chain: Chain, rig: FaultRig): Promise<Run[]> {
  const runs = Array.from({ length: Math.max(0, count) }, (_none, index) =>
    rig.begin(chain.source, `${chain.name}-${position}-${index}`),
  );
  for (const flow of runs.length > 0 ? chain.flows.slice(0, position) : []) {
    await inLanes(runs, async (run) => flow.before?.(run, rig));
    await rig.converge();
    await inLanes(runs, (run) => flow.tell(run, rig));
    await rig.converge();
  }
  return runs;
}

async function problemsOf(flow: Flow, run: Run, what: string, { connector }: FaultRig): Promise<string[]> {
  const found = [
    ...(await violations(connector, run, flow.expected(run.subject), flow.reason)),
    ...(flow.others?.(run.subject, connector) ?? []),
  ];
  return found.map((violation) => `${flow.name}, ${what}: ${violation}`);
}

/**
 * Whether one of its own or another place in the line of all calls is asked for depends on who else stands there, and
 * whether an end is there yet when its announcement comes, on who is quicker.
 */
function isByChance(call: string): boolean {
  return / PACE\b|publish-outcome: SendMessage/.test(call);
}

function callOf({ point, moment }: { readonly point: string; readonly moment: Moment }): string {
  return `${moment} ${point.replace(/ #\d+$/, '')}`;
}

export async function inLanes<T>(items: readonly T[], task: (item: T) => Promise<void>): Promise<void> {
  const left = [...items];
  const lanes = Array.from({ length: sendersAtOnce }, async () => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await task(item);
  });
  await Promise.all(lanes);
}
