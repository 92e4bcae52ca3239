import type { Usage } from './bill.ts';
import type { FunctionSettings } from './template-settings.ts';
import type { Work } from './work.ts';

/**
 * What no laptop can show: how long things take between AWS and Showpad. The rate is that of a relay over TLS with
 * 512 MiB. Of each call some milliseconds are the SDK's own work, which no other call of its invocation can use.
 */
export const assumptions = {
  showpadCallSeconds: 0.4,
  overheadSeconds: 0.015,
  bytesPerSecond: 40_000_000,
  awsCallSeconds: 0.01,
  ownWorkSeconds: 0.003,
  /** How often Showpad is asked whether a file is usable. */
  looks: 2,
  stagedHours: 0.1,
  /** The lines in which Lambda itself tells of the beginning and the end of an invocation. */
  platformLogBytes: 700,
  /** Of the messages of a batch, so many share a claim of the pace. */
  callsInAClaim: 2,
} as const;

/** What a function does for one asset. */
export interface Share {
  readonly settings: FunctionSettings;
  readonly work: Work;
  /** Messages, or requests, for each asset. */
  readonly times: number;
  /** How many messages an invocation is given. */
  readonly batch: number;
}

/** How long an invocation is busy, in seconds. */
export function busySeconds({ work, batch }: Pick<Share, 'work' | 'batch'>, bytesPerAsset: number): number {
  const { showpadCalls, awsCalls, transfers } = work;
  const { showpadCallSeconds, awsCallSeconds, ownWorkSeconds, overheadSeconds, bytesPerSecond } = assumptions;
  const ownSeconds = (awsCalls + showpadCalls) * ownWorkSeconds;
  const waitingSeconds = awsCalls * awsCallSeconds + showpadCalls * showpadCallSeconds - ownSeconds;
  // The messages of a batch wait side by side, but share the processor and the network.
  return (
    overheadSeconds + waitingSeconds + batch * (ownSeconds + (transfers * bytesPerAsset) / bytesPerSecond)
  );
}

/** What a share takes for one asset. */
export function usageOf(share: Share, bytesPerAsset: number): Usage {
  const { settings, work, times, batch } = share;
  const { callsInAClaim, stagedHours, platformLogBytes } = assumptions;
  const invocations = times / batch;
  return {
    assets: 1,
    bytesPerAsset,
    httpRequests: settings.isQueued ? 0 : times,
    invocations,
    gigabyteSeconds: (invocations * busySeconds(share, bytesPerAsset) * settings.memoryMebibytes) / 1_024,
    // Lambda's poller receives each batch, and deletes it.
    queueRequests: times * work.queueRequests + (settings.isQueued ? 2 * invocations : 0),
    groupedMessages: times * work.groupedMessages,
    topicPublishes: times * work.topicPublishes,
    writeUnits: times * (work.writeUnits - work.paceUnits * (1 - 1 / Math.min(batch, callsInAClaim))),
    readUnits: times * work.readUnits,
    objectWrites: times * work.objectWrites,
    objectReads: times * work.objectReads,
    stagedHours: work.transfers > 0 && work.objectWrites > 0 ? stagedHours : 0,
    logBytes: times * work.logBytes + invocations * (work.metricBytes + platformLogBytes),
  };
}
