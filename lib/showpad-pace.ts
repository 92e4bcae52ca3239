import { setTimeout as delay } from 'node:timers/promises';
import type { Api, PaceState, PaceStore } from './pace-items.ts';
import {
  comeBackSeconds,
  handful,
  pauseMs,
  requestsPerSecond,
  revealedCeiling,
  type RateBounds,
  type RateKnowledge,
} from './pace-rate.ts';
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

/** A slot in the line, and what was known when it was claimed. */
interface Slot {
  readonly atMs: number;
  readonly episode: number;
  readonly knowledge: RateKnowledge;
}

/** How much of the line is waited for in process; what would take longer becomes a delayed message. */
const patienceMs = { normal: 2_000, low: 1_000 } as const;
/** A slot that nobody claimed in time can still be used for so long, so that a short lull costs nothing. */
const graceMs = 100;
const freshMs = 250;
const savedForMs = 1_000;
const mostClaims = 4;

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
  readonly #saved = new Map<Api, { readonly slot: Slot; left: number }>();

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
   * One after the other within a container: each knows what the one before it has learned. One that hangs, as its
   * invocation was ended half-way, holds up nobody for long.
   */
  async #claimAfterOthers(request: PacedRequest): Promise<Slot> {
    const { api } = request;
    const before = this.#claiming.get(api);
    const { promise: over, resolve } = Promise.withResolvers<void>();
    this.#claiming.set(api, over);
    try {
      if (before !== undefined) await Promise.race([before, this.#sleep(freshMs)]);
      return this.#takeSaved(api) ?? (await this.#claim(request));
    } finally {
      resolve();
      if (this.#claiming.get(api) === over) this.#claiming.delete(api);
    }
  }

  async #claim(request: PacedRequest): Promise<Slot> {
    const { api, urgency } = request;
    for (let tries = 0; tries < mostClaims; tries += 1) {
      const known = await this.#look(api);
      const nowMs = this.#now();
      const rate = requestsPerSecond(known, this.#options);
      const intervalMs = Math.round(1_000_000 / rate) / 1_000;
      const lineMs = known.nextFreeAtMs - nowMs;
      if (lineMs > patienceMs[urgency]) throw this.#notYet(request, lineMs);
      const isEmpty = lineMs < -graceMs;
      const count = isEmpty ? handful(rate) : 1;
      const claimed = isEmpty
        ? await this.#store.claimEmpty(api, { nowMs: nowMs - graceMs, untilMs: nowMs + count * intervalMs })
        : await this.#store.claimNext(api, {
            earliestMs: nowMs - graceMs,
            latestMs: nowMs + patienceMs[urgency],
            intervalMs,
            busyMs: lineMs >= intervalMs ? intervalMs : 0,
          });
      if (claimed === null) {
        this.#known.delete(api);
        continue;
      }
      this.#remember(api, claimed);
      this.#options.listener.showpadPaced(api, rate);
      const { episode, ceiling, busyMs } = claimed;
      const atMs = claimed.nextFreeAtMs - count * intervalMs;
      const slot = { atMs, episode, knowledge: { ceiling, busyMs } };
      if (count > 1) this.#saved.set(api, { slot, left: count - 1 });
      return slot;
    }
    // Everybody else was faster, again and again.
    throw this.#notYet(request, 0);
  }

  /** What is left of a handful, for a moment; a 429 heard meanwhile voids it. */
  #takeSaved(api: Api): Slot | null {
    const saved = this.#saved.get(api);
    if (saved === undefined) return null;
    const isUsable =
      this.#now() < saved.slot.atMs + savedForMs &&
      this.#known.get(api)?.state.episode === saved.slot.episode &&
      (this.#known.get(api)?.state.pausedUntilMs ?? 0) <= this.#now();
    saved.left -= 1;
    if (!isUsable || saved.left <= 0) this.#saved.delete(api);
    return isUsable ? saved.slot : null;
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
