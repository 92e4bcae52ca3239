import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import { PaceItems, type PaceStore } from '../../lib/pace-items.ts';
import { NotYet } from '../../lib/reasons.ts';
import { ShowpadPace, type PaceListener, type PaceOptions } from '../../lib/showpad-pace.ts';
import type { PacedAnswer, PacedRequest, Turn } from '../../lib/showpad/pacer.ts';
import { useEmbeddedTable } from './embedded-table.ts';
import { deafListener } from './pace-simulation.ts';

const table = useEmbeddedTable();

let nowMs: number;
let host: string;
let told: string[];
const listener: PaceListener = {
  ...deafListener,
  showpadPaused: (api, seconds, why) => told.push(`${api} paused for ${seconds} s: ${why}`),
  showpadSlowed: (api, from, to) => told.push(`${api} slowed from ${from} to ${to}`),
  paceLost: (api, error) => told.push(`${api} lost: ${String(error)}`),
};
beforeEach(() => {
  nowMs = Date.parse('2026-01-01T00:00:00Z');
  host = `${randomUUID()}.example.com`;
  told = [];
});

const items = (): PaceItems =>
  new PaceItems(table().database, table().tableName, { v4: `v4.${host}`, v3: `v3.${host}` });

/** A pace as one container has it; all of them share the test's clock, which only sleeping moves on. */
function container(options: Partial<PaceOptions> = {}, store: PaceStore = items()): ShowpadPace {
  return new ShowpadPace(store, {
    least: 1,
    most: 20,
    reservePercent: 10,
    listener,
    now: () => nowMs,
    random: () => 0,
    sleep: (delayMs) => {
      nowMs += delayMs;
      return Promise.resolve();
    },
    ...options,
  });
}

/** The table, but for some of what it does. */
function itemsBut(other: (store: PaceItems) => Partial<PaceStore>): PaceStore {
  const store = items();
  return {
    read: (api) => store.read(api),
    claimEmpty: (api, claim) => store.claimEmpty(api, claim),
    claimNext: (api, claim) => store.claimNext(api, claim),
    pause: (api, untilMs) => store.pause(api, untilMs),
    halve: (api, halving) => store.halve(api, halving),
    calm: (api, episode) => store.calm(api, episode),
    setScarce: (api, untilMs) => store.setScarce(api, untilMs),
    ...other(store),
  };
}

const ask = (pace: ShowpadPace, request: Partial<PacedRequest> = {}): Promise<Turn> =>
  pace.turn({ api: 'v4', operation: 'GET /assets', urgency: 'normal', ...request });
const answer = (status: number, said: Partial<PacedAnswer> = {}): PacedAnswer => ({
  status,
  retryAfterSeconds: null,
  budget: null,
  ...said,
});
const tooMany = (retryAfterSeconds: number | null) => answer(429, { retryAfterSeconds });
const callsLeft = (remaining: number, resetSeconds = 86_400) =>
  answer(200, { budget: { limit: 100, remaining, resetSeconds } });

async function notYet(turn: Promise<Turn>): Promise<number | null> {
  const error: unknown = await turn.then(
    () => 'It was its turn.',
    (reason: unknown) => reason,
  );
  if (error instanceof NotYet) return error.afterSeconds;
  throw error;
}

describe('requests that come at once', () => {
  test('are sent one after the other, whichever container they are in', async () => {
    const starts: number[] = [];
    const containers = [container({ most: 5 }), container({ most: 5 }), container({ most: 5 })];
    const startMs = nowMs;
    for (let call = 0; call < 3; call += 1) {
      for (const pace of containers) {
        await ask(pace);
        starts.push(nowMs - startMs);
      }
    }
    // One a second at first, then ever faster.
    const gaps = starts.slice(1).map((start, index) => start - (starts[index] ?? 0));
    expect(gaps[0]).toBe(1_000);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(200);
    expect(gaps.at(-1)).toBeLessThan(1_000);
  });

  test('are put off once the line is longer than two seconds, the less urgent ones after one', async () => {
    const sleeping = container({ most: 5, sleep: () => new Promise(() => undefined) });
    void ask(sleeping);
    void ask(sleeping);
    const other = container({ most: 5, sleep: () => new Promise(() => undefined) });
    // The line is 1 s long after the first and 2 s after the second.
    while ((await items().read('v4')).nextFreeAtMs < nowMs + 2_000);
    expect(await notYet(ask(other, { urgency: 'low' }))).toBe(2);
    void ask(other);
    while ((await items().read('v4')).nextFreeAtMs < nowMs + 2_001);
    const before = await items().read('v4');
    expect(await notYet(ask(container({ most: 5 })))).toBeGreaterThan(2);
    expect(await items().read('v4')).toEqual(before);
  });

  test('do not wait for those of the other API, nor for those of another organisation', async () => {
    await (await ask(container())).answered(tooMany(60));
    const startMs = nowMs;
    await ask(container(), { api: 'v3' });
    host = `${randomUUID()}.example.com`;
    await ask(container());
    expect(nowMs).toBe(startMs);
  });

  test('take a handful of turns with one claim while nobody else waits', async () => {
    let claims = 0;
    const counted = itemsBut((store) => ({
      claimEmpty: (api, claim) => {
        claims += 1;
        return store.claimEmpty(api, claim);
      },
    }));
    const pace = container({ most: 50 }, counted);
    await ask(pace);
    nowMs += 900;
    await ask(pace);
    expect(claims).toBe(1);
    nowMs += 900;
    await ask(pace);
    expect(claims).toBe(2);
  });
});

describe('a 429', () => {
  test('pauses everybody for as long as Showpad says, and nothing is sent meanwhile', async () => {
    const [one, other] = [container(), container()];
    await ask(other);
    await (await ask(one)).answered(tooMany(30));
    expect(told[0]).toBe('v4 paused for 30 s: GET /assets was answered with 429');
    expect(told[1]).toMatch(/^v4 slowed from 4\.7\d+ to 1\.\d+$/);
    nowMs += 1_000;
    expect(await notYet(ask(one))).toBe(29);
    expect(await notYet(ask(other))).toBe(29);
    expect(await notYet(ask(container({ random: () => 1 })))).toBeGreaterThan(40);
    nowMs += 28_000;
    const startMs = nowMs;
    await ask(other);
    expect(nowMs - startMs).toBe(1_000);
    await ask(one);
    expect(nowMs - startMs).toBeGreaterThan(1_500);
  });

  test('never makes a pause shorter', async () => {
    const [one, other] = [container(), container()];
    const turns = [await ask(one), await ask(other)];
    await turns[0]?.answered(tooMany(60));
    await turns[1]?.answered(tooMany(5));
    expect(await notYet(ask(container()))).toBe(60);
    nowMs += 60_000;
  });

  test('halves the rate once for all that was sent before', async () => {
    const pace = container();
    const turns = [await ask(pace), await ask(pace), await ask(container()), await ask(container())];
    for (const turn of turns) await turn.answered(tooMany(1));
    expect((await items().read('v4')).episode).toBe(1);
    nowMs += 1_000;
    await (await ask(pace)).answered(tooMany(1));
    expect((await items().read('v4')).episode).toBe(2);
  });

  test('makes those wait anew who have waited for a slot meanwhile', async () => {
    const wakeUps: (() => void)[] = [];
    const waiting = container({ most: 5, sleep: () => new Promise((wake) => wakeUps.push(wake)) });
    const first = await ask(waiting);
    const second = ask(waiting);
    while (wakeUps.length === 0) await items().read('v4');
    await first.answered(tooMany(1));
    nowMs += 1_000;
    wakeUps.shift()?.();
    // The pause is over, but the slot was claimed in a line that was faster.
    await second;
    expect((await items().read('v4')).nextFreeAtMs).toBeGreaterThan(nowMs);
  });

  test('pauses longer with each one in a row where Showpad says nothing, until an answer is none', async () => {
    const pace = container({ random: () => 1 });
    const seconds = (): number[] =>
      told.flatMap((line) => /paused for (\d+) s/.exec(line)?.slice(1).map(Number) ?? []);
    for (const length of [2, 4, 8]) {
      await (await ask(pace)).answered(tooMany(null));
      nowMs += length * 1_000;
    }
    await (await ask(pace)).answered(answer(404));
    await (await ask(pace)).answered(tooMany(null));
    expect(seconds()).toEqual([2, 4, 8, 2]);
  });
});

describe('the calls of API v3', () => {
  test('that are few are known to everybody, until an answer tells that there are more', async () => {
    const [one, other] = [container(), container()];
    await (await ask(one, { api: 'v3' })).answered(callsLeft(9));
    nowMs += 1_000;
    expect(await one.scarceSeconds()).toBe(299);
    expect(await other.scarceSeconds()).toBe(299);
    await (await ask(other, { api: 'v3' })).answered(callsLeft(10));
    nowMs += 1_000;
    expect(await one.scarceSeconds()).toBe(0);
  });

  test('are written about only when something has changed', async () => {
    const pace = container();
    const turn = await ask(pace, { api: 'v3' });
    await turn.answered(callsLeft(9));
    const { scarceUntilMs } = await items().read('v3');
    nowMs += 100_000;
    await turn.answered(callsLeft(8));
    expect((await items().read('v3')).scarceUntilMs).toBe(scarceUntilMs);
    nowMs += 100_000;
    await turn.answered(callsLeft(7));
    expect((await items().read('v3')).scarceUntilMs).toBe(nowMs + 300_000);
  });

  test.each([
    [86_400, 300],
    [20, 20],
  ])('that are used up, of a period of %d s, pause API v3 alone for %d s', async (period, seconds) => {
    await (await ask(container(), { api: 'v3' })).answered(callsLeft(0, period));
    expect(told).toEqual([`v3 paused for ${seconds} s: no calls of API v3 are left`]);
    expect(await notYet(ask(container(), { api: 'v3' }))).toBe(seconds);
    const startMs = nowMs;
    await ask(container());
    expect(nowMs).toBe(startMs);
  });
});

describe('when something breaks', () => {
  test('an invocation that ends while it waits is put off', async () => {
    const { sleep: _sleep, ...options } = { sleep: undefined };
    const pace = new ShowpadPace(items(), {
      least: 1,
      most: 5,
      reservePercent: 10,
      listener,
      now: () => nowMs,
      ...options,
    });
    await ask(pace);
    const stop = new AbortController();
    const waiting = ask(pace, { signal: stop.signal });
    stop.abort();
    expect(await notYet(waiting)).toBe(1);
  });

  test('a claim that cannot be written is an error of the step; an answer that cannot be told is not', async () => {
    const fail = () => Promise.reject(new Error('no table'));
    const pace = container(
      { most: 5 },
      itemsBut(() => ({ claimNext: fail, halve: fail })),
    );
    const turn = await ask(pace);
    await turn.answered(tooMany(1));
    expect(told).toEqual(['v4 lost: Error: no table']);
    await expect(ask(pace)).rejects.toThrow('no table');
    // The next one does not suffer from it.
    nowMs += 5_000;
    await ask(pace);
  });

  test('a claim that hangs holds up nobody else', async () => {
    let isHanging = true;
    const pace = container(
      { sleep: () => Promise.resolve() },
      itemsBut((store) => ({
        read: (api) => (isHanging ? new Promise(() => undefined) : store.read(api)),
      })),
    );
    void ask(pace);
    isHanging = false;
    await ask(pace);
  });

  test('a slot that was claimed by somebody who died is only a slot', async () => {
    await items().claimEmpty('v4', { nowMs, untilMs: nowMs + 250 });
    const startMs = nowMs;
    await ask(container());
    expect(nowMs - startMs).toBe(250);
  });
});
