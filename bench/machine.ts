import { availableParallelism, cpus, loadavg, release, totalmem, type as systemName } from 'node:os';

export interface Machine {
  readonly cores: number;
  readonly processor: string;
  readonly memoryGibibytes: number;
  readonly system: string;
  readonly node: string;
  /** Mean number of runnable processes over the last minute: what the results had to share the machine with. */
  readonly load: number;
  readonly date: string;
}

/** What the figures were taken on. */
export function describeMachine(now: Date = new Date()): Machine {
  return {
    cores: availableParallelism(),
    processor: cpus()[0]?.model.trim() ?? 'unknown processor',
    memoryGibibytes: Math.round(totalmem() / 1024 ** 3),
    system: `${systemName()} ${release()} ${process.arch}`,
    node: process.version,
    load: loadavg()[0] ?? 0,
    date: now.toISOString(),
  };
}

export function formatMachine(machine: Machine): string {
  const { cores, processor, memoryGibibytes, system, node, load, date } = machine;
  const hardware = `${cores} cores of ${processor}, ${memoryGibibytes} GiB`;
  return `${hardware} · ${system} · node ${node} · load ${load.toFixed(1)} · ${date.slice(0, 10)}`;
}
