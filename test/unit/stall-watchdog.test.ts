import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { startStallWatchdog } from '../../lib/stall-watchdog.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function start() {
  const stalls: string[] = [];
  const watchdog = startStallWatchdog({
    idleTimeoutMs: 30_000,
    minimumBytesPerSecond: 100,
    windowMs: 60_000,
    onStall: (how) => {
      stalls.push(how);
      watchdog.stop();
    },
    now: () => Date.now(),
  });
  const receive = (bytes: number, afterMs: number): void => {
    watchdog.waits();
    vi.advanceTimersByTime(afterMs);
    watchdog.received(bytes);
  };
  return { stalls, watchdog, receive };
}

describe('the stall watchdog', () => {
  test('ends a silence between its time and a tenth more', () => {
    const { stalls, watchdog } = start();
    watchdog.waits();
    vi.advanceTimersByTime(29_999);
    expect(stalls).toEqual([]);
    vi.advanceTimersByTime(3_001);
    expect(stalls).toEqual(['silent']);
  });

  test('ends a drip once the window is over', () => {
    const { stalls, receive } = start();
    for (let second = 0; second < 59; second += 1) receive(99, 1_000);
    expect(stalls).toEqual([]);
    for (let second = 0; second < 5; second += 1) receive(99, 1_000);
    expect(stalls).toEqual(['slow']);
  });

  test('lets the minimum rate pass for ever, in whatever pieces', () => {
    const { stalls, receive } = start();
    for (let piece = 0; piece < 100; piece += 1) receive(4_000, 25_000);
    for (let second = 0; second < 1_000; second += 1) receive(101, 1_000);
    expect(stalls).toEqual([]);
  });

  test('judges every window anew: a fast beginning does not pay for a slow end', () => {
    const { stalls, receive } = start();
    receive(1_000_000_000, 1_000);
    for (let second = 0; second < 130; second += 1) receive(50, 1_000);
    expect(stalls).toEqual(['slow']);
  });

  test('does not count the time in which nobody waits', () => {
    const { stalls, receive } = start();
    for (let piece = 0; piece < 10; piece += 1) {
      receive(1, 10);
      vi.advanceTimersByTime(600_000);
    }
    expect(stalls).toEqual([]);
  });

  test('holds no timer once stopped', () => {
    const { watchdog } = start();
    watchdog.stop();
    expect(vi.getTimerCount()).toBe(0);
  });
});
