import { setTimeout as delay } from 'node:timers/promises';
import type { Api, PaceState, PaceStore } from './pace-items.ts';
import {
  comeBackSeconds,
  handful,
  pauseMs,
  requestsPerSecond,
  revealedCeiling,
  type RateBounds,
} from './pace-rate.ts';
import { slotsOf, type Slot } from './pace-slots.ts';
import { NotYet } from './reasons.ts';
import { exhaustedMs, judgeBudget, verdictMs } from './showpad-budget.ts';
import type { Budget } from './showpad/budget.ts';
import type { PacedAnswer, PacedRequest, Pacer, Turn } from './showpad/pacer.ts';

/** Who is told of what happens to the pace. */
export interface PaceListener {
  showpadPaced(api: Api, requestsPerSecond: number): void;
  showpadPaused(api: Api, seconds: number, why: string): void;
  showpadSlowed(api: Api, from: number, to: number, operation: string): void;
  showpadCallsLeft(remaining: number, verdict: string): void;
  paceLost(api: Api, error: unknown): void;
}

export interface PaceOptions extends RateBounds {
  /** The share of the calls of API v3 that is to be left, of a hundred. */
  readonly reservePercent: number;
  readonly listener: PaceListener;
  readonly now?: () => number;
  readonly random?: () => number;
  readonly sleep?: (delayMs: number, signal?: AbortSignal) => Promise<void>;
}

/** Requests of a container that wait while a claim is under way: the next claim is made for all of them. */
interface Gathering {
  size: number;
  readonly over: Promise<void>;
}

/** How much of the line is waited for in process; what would take longer becomes a delayed message. */
const patienceMs = { normal: 2_000, low: 1_000 } as const;
/** A slot that nobody claimed in time can still be used for so long, so that a short lull costs nothing. */
const graceMs = 100;
/** In a line so short a claim takes one slot more than is wanted, since most requests are followed by another. */
const shortMs = 250;
const freshMs = 250;
const savedForMs = 1_000;
const mostClaims = 4;
/** So many requests of one container that wait together share a claim: one that dies with it costs no more. */
const mostAtOnce = 4;

/**
 * The pace of all functions towards one Showpad organisation, for each of its APIs: a line in which every request
 * claims the next free slot (virtual scheduling, as GCRA does it), a pause that holds for everybody, and a rate that
 * is halved by a 429 and grows back. It is shared through the store; a container only remembers it for moments.
 * Whoever dies with a slot in hand has cost the others one slot.
 */
export class ShowpadPace implements Pacer {
  readonly #store: PaceStore;
  readonly #options: PaceOptions;
  readonly #now: () => number;
  readonly #random: () => number;
  readonly #sleep: (delayMs: number, signal?: AbortSignal) => Promise<void>;
  readonly #known = new Map<Api, { readonly state: PaceState; readonly atMs: number }>();
  readonly #claiming = new Map<Api, Promise<void>>();
  readonly #gathering = new Map<Api, Gathering>();
  readonly #saved = new Map<Api, Slot[]>();

  constructor(store: PaceStore, options: PaceOptions) {
    this.#store = store;
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#random = options.random ?? Math.random;
    this.#sleep = options.sleep ?? ((delayMs, signal) => delay(delayMs, undefined, signal && { signal }));
  }

  /**
   * Claims a slot and waits for it, some two seconds at the most, half of that when the request is not urgent. A
   * slot that a pause or a halving has overtaken meanwhile is void, and another is claimed.
   * @throws {NotYet} when it would take longer, before anything was sent; errors of the store
   */
  async turn(request: PacedRequest): Promise<Turn> {
    const { api, signal } = request;
    for (let claims = 1; ; claims += 1) {
      const slot = this.#takeSaved(api) ?? (await this.#claimAfterOthers(request));
      const waitMs = slot.atMs - this.#now();
      if (waitMs <= 0) return this.#turnOf(request, slot);
      await this.#sleep(waitMs, signal).catch(() => {
        throw new NotYet('the invocation came to its end while it waited for its turn', 1);
      });
      const { episode, pausedUntilMs } = await this.#look(api);
      if (episode === slot.episode && pausedUntilMs <= this.#now()) return this.#turnOf(request, slot);
      if (claims >= mostClaims) throw this.#notYet(request, pausedUntilMs - this.#now());
    }
  }

  /** How long to hold back what can wait because few calls of API v3 are left: 0 while there are enough. */
  async scarceSeconds(): Promise<number> {
    const { scarceUntilMs } = await this.#look('v3');
    return Math.max(0, Math.ceil((scarceUntilMs - this.#now()) / 1_000));
  }

  /**
   * One claim at a time within a container: each knows what the one before it has learned, and claims for all that
   * have come meanwhile. One that hangs, as its invocation was ended half-way, holds up nobody for long.
   */
  async #claimAfterOthers(request: PacedRequest): Promise<Slot> {
    const { api } = request;
    for (let others = this.#gathering.get(api); others !== undefined; others = this.#gathering.get(api)) {
      others.size += 1;
      await Promise.race([others.over, this.#sleep(freshMs)]);
      const slot = this.#takeSaved(api);
      if (slot !== null) return slot;
      if (this.#gathering.get(api) === others) this.#gathering.delete(api);
    }
    const { promise: over, resolve } = Promise.withResolvers<void>();
    const group = { size: 1, over };
    this.#gathering.set(api, group);
    try {
      const before = this.#claiming.get(api);
      if (before !== undefined) await Promise.race([before, this.#sleep(freshMs)]);
      this.#claiming.set(api, over);
      if (this.#gathering.get(api) === group) this.#gathering.delete(api);
      return this.#takeSaved(api) ?? (await this.#claim(request, group.size));
    } finally {
      resolve();
      if (this.#claiming.get(api) === over) this.#claiming.delete(api);
    }
  }

  /** Claims a slot, and others with the same write: a handful in a line that has run dry, else what is wanted. */
  async #claim(request: PacedRequest, wanted: number): Promise<Slot> {
    const { api, urgency } = request;
    for (let tries = 0; tries < mostClaims; tries += 1) {
      const known = await this.#look(api);
      const nowMs = this.#now();
      const rate = requestsPerSecond(known, this.#options);
      const intervalMs = Math.round(1_000_000 / rate) / 1_000;
      const lineMs = known.nextFreeAtMs - nowMs;
      const patienceLeftMs = patienceMs[urgency] - lineMs;
      if (patienceLeftMs < 0) throw this.#notYet(request, lineMs);
      const isEmpty = lineMs < -graceMs;
      const isShort = lineMs < shortMs;
      const count = isEmpty
        ? handful(rate)
        : Math.min(mostAtOnce, isShort ? wanted + 1 : wanted, 1 + Math.floor(patienceLeftMs / intervalMs));
      const lengthMs = count * intervalMs;
      const claimed = isEmpty
        ? await this.#store.claimEmpty(api, { nowMs: nowMs - graceMs, untilMs: nowMs + lengthMs })
        : await this.#store.claimNext(api, {
            earliestMs: nowMs - graceMs,
            latestMs: nowMs + patienceMs[urgency] - (lengthMs - intervalMs),
            intervalMs: lengthMs,
            busyMs: lineMs >= intervalMs ? lengthMs : lengthMs - intervalMs,
          });
      if (claimed === null) {
        this.#known.delete(api);
        continue;
      }
      this.#remember(api, claimed);
      this.#options.listener.showpadPaced(api, rate);
      const [first, ...others] = slotsOf(claimed, { count, intervalMs, isAtOnce: isEmpty });
      this.#saved.set(api, others);
      if (first !== undefined) return first;
    }
    // Everybody else was faster, again and again.
    throw this.#notYet(request, 0);
  }

  /** What is left of a claim, for a moment; a 429 heard meanwhile voids it. */
  #takeSaved(api: Api): Slot | null {
    const saved = this.#saved.get(api) ?? [];
    for (let slot = saved.shift(); slot !== undefined; slot = saved.shift()) {
      const state = this.#known.get(api)?.state;
      const isUsable =
        this.#now() < slot.atMs + savedForMs &&
        state?.episode === slot.episode &&
        state.pausedUntilMs <= this.#now();
      if (isUsable) return slot;
    }
    return null;
  }

  #turnOf({ api, operation }: PacedRequest, slot: Slot): Turn {
    return {
      answered: async (answer) => {
        try {
          if (answer.budget !== null) await this.#noteBudget(api, answer.budget);
          if (answer.status === 429) await this.#slowDown(api, operation, slot, answer);
          else if (answer.status < 500) await this.#calm(api, slot);
        } catch (error) {
          this.#options.listener.paceLost(api, error);
        }
      },
    };
  }

  async #slowDown(api: Api, operation: string, slot: Slot, answer: PacedAnswer): Promise<void> {
    const { listener } = this.#options;
    const { throttles } = await this.#look(api);
    const lengthMs = pauseMs(answer.retryAfterSeconds, throttles, this.#random);
    const untilMs = Math.ceil(this.#now() + lengthMs);
    const ceiling = revealedCeiling(slot.knowledge, this.#options);
    const halved = await this.#store.halve(api, { episode: slot.episode, ceiling, untilMs });
    const paused = halved ?? (await this.#store.pause(api, untilMs));
    if (paused === null) {
      this.#known.delete(api);
      return;
    }
    this.#remember(api, paused);
    listener.showpadPaused(api, lengthMs / 1_000, `${operation} was answered with 429`);
    if (halved === null) return;
    const rate = requestsPerSecond(slot.knowledge, this.#options);
    listener.showpadSlowed(api, rate, requestsPerSecond(halved, this.#options), operation);
  }

  async #calm(api: Api, { episode }: Slot): Promise<void> {
    const state = this.#known.get(api)?.state;
    if (state === undefined || state.throttles === 0 || state.episode !== episode) return;
    const calmed = await this.#store.calm(api, episode);
    if (calmed !== null) this.#remember(api, calmed);
  }

  /** Tells the others, when the verdict is new to them or about to be forgotten. */
  async #noteBudget(api: Api, budget: Budget): Promise<void> {
    const { listener, reservePercent } = this.#options;
    const verdict = judgeBudget(budget, reservePercent);
    if (verdict === null) return;
    listener.showpadCallsLeft(budget.remaining ?? 0, verdict);
    const nowMs = this.#now();
    const { scarceUntilMs, pausedUntilMs } = await this.#look(api);
    const isScarce = verdict !== 'enough' && reservePercent > 0;
    const isNews = isScarce ? scarceUntilMs < nowMs + verdictMs / 2 : scarceUntilMs > nowMs;
    if (isNews) this.#remember(api, await this.#store.setScarce(api, isScarce ? nowMs + verdictMs : 0));
    if (verdict !== 'exhausted') return;
    const lengthMs = exhaustedMs(budget);
    if (pausedUntilMs >= nowMs + lengthMs / 2) return;
    const paused = await this.#store.pause(api, nowMs + lengthMs);
    this.#remember(api, paused);
    if (paused !== null) listener.showpadPaused(api, lengthMs / 1_000, 'no calls of API v3 are left');
  }

  /** How many requests a second Showpad is known to take for long, at most as many as we may send. */
  async steadyRate(api: Api): Promise<number> {
    const { ceiling } = await this.#look(api);
    return Math.min(this.#options.most, ceiling ?? this.#options.most);
  }

  /** The state as it was a moment ago. */
  async #look(api: Api): Promise<PaceState> {
    const known = this.#known.get(api);
    if (known !== undefined && this.#now() - known.atMs < freshMs) return known.state;
    const state = await this.#store.read(api);
    this.#remember(api, state);
    return state;
  }

  #remember(api: Api, state: PaceState | null): void {
    if (state !== null) this.#known.set(api, { state, atMs: this.#now() });
  }

  #notYet({ api, urgency }: PacedRequest, lineMs: number): NotYet {
    const state = this.#known.get(api)?.state;
    const rate = state === undefined ? 1 : requestsPerSecond(state, this.#options);
    return new NotYet(
      `others are first in the line to Showpad's API ${api}`,
      comeBackSeconds({ lineMs, rate, urgency }, this.#random),
    );
  }
}
