import { MetricUnit } from '@aws-lambda-powertools/metrics';
import type { QueueName } from './queues.ts';
import type { ReasonCode } from './reasons.ts';
import type { OperationGroup } from './showpad-operations.ts';

/** What some metrics are split by. Closed sets: each of their members is a metric of its own, at $0.30 a month. */
export interface MetricSplits {
  readonly operation: OperationGroup;
  readonly reason: ReasonCode;
  readonly step: QueueName;
}

/** One metric: what it counts in, what becomes of the values of one invocation, and what it is split by. */
export interface MetricDefinition {
  readonly unit: (typeof MetricUnit)[keyof typeof MetricUnit];
  /** They are added up, or each is published, or the last one only. */
  readonly keep: 'sum' | 'each' | 'last';
  readonly by?: keyof MetricSplits;
  /** Whether it is published without its split as well: alarms cannot add up what is not named in them. */
  readonly andWhole?: true;
}

const count = { unit: MetricUnit.Count, keep: 'sum' } as const;
const bytes = { unit: MetricUnit.Bytes, keep: 'sum' } as const;
const ages = { unit: MetricUnit.Seconds, keep: 'each' } as const;
const level = { unit: MetricUnit.Count, keep: 'last' } as const;
const rate = { unit: MetricUnit.CountPerSecond, keep: 'last' } as const;

/** Every metric that the functions publish, by its name; all of them have the dimension `service` too. */
export const metricDefinitions = {
  EventsAccepted: count,
  EventsRedelivered: count,
  EventsIgnored: count,
  DeliveriesRefused: count,
  /** Sources that have been silent for longer than is usual for them. */
  SilentSources: level,

  JobsDone: count,
  JobsSuperseded: count,
  OutcomesPublished: count,
  JobsFailed: { ...count, by: 'reason', andWhole: true },
  RecipientsFailed: { ...count, by: 'reason', andWhole: true },
  JobsRetried: count,
  JobsRevived: count,
  StepsPutOff: { ...count, by: 'step' },

  BytesStaged: bytes,
  BytesUploaded: bytes,
  FilesUploaded: count,
  FilesUsable: count,
  PersonalFilesSent: count,
  PersonalFilesUsable: count,
  /** From an event with a file to the end of its job. */
  SecondsToUsable: ages,
  /** How long Showpad has been at a file, at each look at it: so many values, so many polls. */
  SecondsInProcessing: ages,
  /** The same for tickets of My Files. */
  SecondsOnTicket: ages,

  AssetsCreated: count,
  AssetsAdopted: count,
  AssetsGone: count,
  AssetsDeleted: count,
  MetadataWritten: count,
  TagsApplied: count,

  ShowpadCallsV4: count,
  ShowpadCallsV3: count,
  ShowpadMilliseconds: { unit: MetricUnit.Milliseconds, keep: 'each', by: 'operation' },
  /** No answer, or one of 400 and above but for 404, which tells what is there, and 429. */
  ShowpadErrors: { ...count, by: 'operation' },
  ShowpadThrottles: count,
  ShowpadRateV4: rate,
  ShowpadRateV3: rate,
  ShowpadPauses: count,
  ShowpadPauseSeconds: { unit: MetricUnit.Seconds, keep: 'sum' },
  ShowpadHalvings: count,
  ShowpadCallsLeft: level,
  TokenRefused: count,

  SweptDeadLetterMarked: count,
  SweptDeadLetterRemoved: count,
  SweptDeadLetterForeign: count,
  SweptMessageSentAgain: count,
  SweptNotAccepted: count,
  SweptNoProgress: count,
  SweptLeaseEnded: count,
  SweptUploadAborted: count,
  SweptStagedDeleted: count,
} as const satisfies Readonly<Record<string, MetricDefinition>>;

export type MetricName = keyof typeof metricDefinitions;

/** What a value of a metric comes with: what it is split by, if it is. */
export type MetricPart<Name extends MetricName> = (typeof metricDefinitions)[Name] extends {
  readonly by: infer By extends keyof MetricSplits;
}
  ? MetricSplits[By]
  : null;

export function definitionOf(name: MetricName): MetricDefinition {
  return metricDefinitions[name];
}

/** The metrics that are split by nothing. */
export type WholeMetric = { [Name in MetricName]: MetricPart<Name> extends null ? Name : never }[MetricName];
