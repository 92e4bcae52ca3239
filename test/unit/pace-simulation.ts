import { setImmediate } from 'node:timers/promises';
import { seededRandom } from './seeded-random.ts';
import { RateLimiter } from '../../local/showpad/rate-limiter.ts';
import type { Switches } from '../../local/showpad/switches.ts';
import type { Api, PaceState, PaceStore } from '../../lib/pace-items.ts';
import { TryAgain } from '../../lib/reasons.ts';
import { ShowpadPace, type PaceListener } from '../../lib/showpad-pace.ts';

/** A clock that stands still until somebody sleeps, and then jumps to whoever wakes up first. */
export class VirtualClock {
  #nowMs = Date.parse('2026-01-01T00:00:00Z');
  #sleepers: { readonly atMs: number; readonly wake: () => void }[] = [];
  readonly now = (): number => this.#nowMs;

  readonly sleep = (delayMs: number): Promise<void> =>
    new Promise((resolve) => {
      const atMs = this.#nowMs + Math.max(0, delayMs);
      const place = this.#sleepers.findLastIndex((sleeper) => sleeper.atMs <= atMs) + 1;
      this.#sleepers.splice(place, 0, { atMs, wake: resolve });
    });

  /** Lets time pass until `over` answers true, or nobody is left to wake. */
  async run(over: () => boolean): Promise<void> {
    for (;;) {
      await setImmediate();
      if (over()) return;
      const next = this.#sleepers.shift();
      if (next === undefined) return;
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.wake();
    }
  }
}

/** The pace in memory; each look and each write takes its time, as in DynamoDB, and happens somewhere within. */
export class PaceMemory implements PaceStore {
  readonly states: Record<Api, PaceState | undefined> = { v4: undefined, v3: undefined };
  writes = 0;
  reads = 0;
  readonly #sleep: (ms: number) => Promise<void>;

  constructor(sleep: (ms: number) => Promise<void> = () => Promise.resolve()) {
    this.#sleep = sleep;
  }

  #state(api: Api): PaceState {
    return (
      this.states[api] ?? {
        ceiling: null,
        busyMs: 0,
        nextFreeAtMs: 0,
        pausedUntilMs: 0,
        episode: 0,
        throttles: 0,
        scarceUntilMs: 0,
      }
    );
  }

  async read(api: Api): Promise<PaceState> {
    this.reads += 1;
    await this.#sleep(2);
    return this.#state(api);
  }

  async #change(
    api: Api,
    when: (state: PaceState) => boolean,
    change: (state: PaceState) => Partial<PaceState>,
  ): Promise<PaceState | null> {
    this.writes += 1;
    await this.#sleep(2);
    const state = this.#state(api);
    const changed = when(state) ? { ...state, ...change(state) } : null;
    if (changed !== null) this.states[api] = changed;
    await this.#sleep(2);
    return changed;
  }

  claimEmpty: PaceStore['claimEmpty'] = (api, { nowMs, untilMs }) =>
    this.#change(
      api,
      ({ nextFreeAtMs }) => nextFreeAtMs < nowMs,
      () => ({ nextFreeAtMs: untilMs }),
    );

  claimNext: PaceStore['claimNext'] = (api, { earliestMs, latestMs, intervalMs, busyMs }) =>
    this.#change(
      api,
      ({ nextFreeAtMs }) => nextFreeAtMs >= earliestMs && nextFreeAtMs <= latestMs,
      (state) => ({ nextFreeAtMs: state.nextFreeAtMs + intervalMs, busyMs: state.busyMs + busyMs }),
    );

  pause: PaceStore['pause'] = (api, untilMs) =>
    this.#change(
      api,
      ({ pausedUntilMs }) => pausedUntilMs < untilMs,
      ({ nextFreeAtMs }) => ({ pausedUntilMs: untilMs, nextFreeAtMs: Math.max(nextFreeAtMs, untilMs) }),
    );

  halve: PaceStore['halve'] = (api, { episode, ceiling, untilMs }) =>
    this.#change(
      api,
      (state) => state.episode === episode && state.pausedUntilMs < untilMs,
      ({ throttles }) => ({
        pausedUntilMs: untilMs,
        nextFreeAtMs: untilMs,
        ceiling,
        busyMs: 0,
        episode: episode + 1,
        throttles: throttles + 1,
      }),
    );

  calm: PaceStore['calm'] = (api, episode) =>
    this.#change(
      api,
      (state) => state.episode === episode,
      () => ({ throttles: 0 }),
    );

  setScarce: PaceStore['setScarce'] = (api, scarceUntilMs) =>
    this.#change(
      api,
      () => true,
      () => ({ scarceUntilMs }),
    );
}

export const deafListener: PaceListener = {
  showpadPaced: () => undefined,
  showpadPaused: () => undefined,
  showpadSlowed: () => undefined,
  showpadCallsLeft: () => undefined,
  paceLost: () => undefined,
};

export interface Simulation {
  readonly limit: NonNullable<Switches['rateLimit']>;
  readonly calls: number;
  /** The most that template.yaml would say. */
  readonly most?: number;
  readonly containers?: number;
  readonly workers?: number;
  /** Shortest and longest time until an answer. */
  readonly answerMs?: readonly [number, number];
  /** The share of invocations that are lost with a slot in hand. */
  readonly lost?: number;
  /** The limit from a moment on, by the seconds since the start. */
  readonly later?: { readonly afterSeconds: number; readonly requestsPerSecond: number };
  readonly seed?: number;
  readonly listener?: Partial<PaceListener>;
}

export interface Outcome {
  readonly seconds: number;
  /** Calls that were admitted, per second, over the limit. */
  readonly utilisation: number;
  /** The share of all answers that were 429. */
  readonly throttled: number;
  /** How often a worker was told to come back later. */
  readonly putOff: number;
  readonly writesPerCall: number;
  readonly readsPerCall: number;
  /** When each call was admitted, in seconds since the start. */
  readonly admittedAt: readonly number[];
}

/**
 * Works off a backlog of calls to a limited Showpad with as many workers as there may be, each of them a container's
 * or a message's, over the real pace and a virtual clock. A worker that is put off comes back when it is told to,
 * and meanwhile another message takes its place.
 */
export async function simulate(simulation: Simulation): Promise<Outcome> {
  const {
    limit,
    calls,
    most = 50,
    containers = 4,
    workers = 40,
    answerMs = [50, 800],
    lost = 0.01,
  } = simulation;
  const random = seededRandom(simulation.seed ?? 1);
  const clock = new VirtualClock();
  const startMs = clock.now();
  const switches = { rateLimit: limit };
  const limiter = new RateLimiter({ now: clock.now, switches });
  const store = new PaceMemory(clock.sleep);
  const options = {
    most,
    least: 1,
    reservePercent: 10,
    listener: { ...deafListener, ...simulation.listener },
    random,
  };
  const paces = Array.from(
    { length: containers },
    () => new ShowpadPace(store, { ...options, now: clock.now, sleep: clock.sleep }),
  );
  const admittedAt: number[] = [];
  let throttled = 0;
  let putOff = 0;
  const isOver = (): boolean => done >= calls;
  let done = 0;
  const change = simulation.later;

  const call = async (pace: ShowpadPace): Promise<void> => {
    const turn = await pace.turn({ api: 'v4', operation: 'GET /assets', urgency: 'normal' });
    if (random() < lost) return;
    if (change !== undefined && clock.now() - startMs >= change.afterSeconds * 1_000) {
      switches.rateLimit = { ...limit, requestsPerSecond: change.requestsPerSecond };
    }
    let status = 200;
    try {
      limiter.admit();
      admittedAt.push((clock.now() - startMs) / 1_000);
    } catch {
      status = 429;
      throttled += 1;
    }
    await clock.sleep(answerMs[0] + random() * (answerMs[1] - answerMs[0]));
    const retryAfterSeconds = status === 429 ? limit.retryAfterSeconds : null;
    await turn.answered({ status, retryAfterSeconds, budget: null });
    if (status === 200) done += 1;
    else throw new TryAgain('throttled', retryAfterSeconds ?? 1);
  };
  const work = async (pace: ShowpadPace): Promise<void> => {
    while (!isOver()) {
      try {
        await call(pace);
      } catch (error) {
        if (!(error instanceof TryAgain)) throw error;
        putOff += 1;
        await clock.sleep(Math.ceil(error.afterSeconds ?? 1) * 1_000);
      }
    }
  };
  for (let index = 0; index < workers; index += 1) {
    const pace = paces[index % containers];
    if (pace !== undefined) void work(pace);
  }
  await clock.run(isOver);
  const seconds = Math.max(...admittedAt);
  return {
    seconds,
    utilisation: admittedAt.length / seconds / limit.requestsPerSecond,
    throttled: throttled / (throttled + admittedAt.length),
    putOff,
    writesPerCall: store.writes / admittedAt.length,
    readsPerCall: store.reads / admittedAt.length,
    admittedAt,
  };
}
