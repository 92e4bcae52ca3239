import * as z from 'zod';
import { parseTemplate } from '../../local/intrinsics.ts';
import type { Usage } from './bill.ts';
import type { AwsCall, InvocationUsage, UsageLog } from './usage-log.ts';

interface Run {
  readonly assets: number;
  readonly bytesPerAsset: number;
  readonly logBytes: number;
  /** Of each function, in MiB. */
  readonly memory: ReadonlyMap<string, number>;
}

// What a laptop cannot show: how long the same calls take between AWS and Showpad.
const showpadCallSeconds = 0.4;
const awsCallSeconds = 0.01;
const overheadSeconds = 0.015;
const bytesPerSecond = 40_000_000;
const stagedHours = 0.1;

const objectWrites = new Set([
  'PutObject',
  'CreateMultipartUpload',
  'UploadPart',
  'CompleteMultipartUpload',
  'ListObjectsV2',
  'ListMultipartUploads',
]);
const queueCalls = new Set(['SendMessage', 'DeleteMessageBatch', 'ChangeMessageVisibility']);
const tableWrites = new Set(['Put', 'Update', 'Delete', 'PutItem', 'UpdateItem', 'DeleteItem']);
const tableReads = new Set(['Get', 'Query', 'GetItem']);

/** Adds up what a run used. */
export function usageOf({ invocations, awsCalls }: UsageLog, run: Run): Usage {
  const count = (isMeant: (call: AwsCall) => boolean): number => awsCalls.filter(isMeant).length;
  const sum = (actions: ReadonlySet<string>, units: (call: AwsCall) => number): number =>
    awsCalls.filter(({ action }) => actions.has(action)).reduce((total, call) => total + units(call), 0);
  return {
    assets: run.assets,
    bytesPerAsset: run.bytesPerAsset,
    httpRequests: invocations.filter(({ functionName }) => functionName === 'receive-event').length,
    invocations: invocations.length,
    gigabyteSeconds: invocations.reduce((total, usage) => total + gigabyteSecondsOf(usage, run), 0),
    // Receives that bring nothing are the price of waiting, not of work.
    queueRequests: count(({ action }) => queueCalls.has(action)) + count(broughtMessages),
    groupedMessages: count(({ action, input }) => action === 'SendMessage' && hasGroup(input)),
    topicPublishes: count(({ action }) => action === 'Publish'),
    writeUnits: sum(tableWrites, writeUnits),
    readUnits: sum(tableReads, ({ capacityUnits }) => Math.max(0.5, capacityUnits)),
    objectWrites: count(({ action }) => objectWrites.has(action)),
    objectReads: count(({ action }) => action === 'GetObject'),
    stagedHours,
    logBytes: run.logBytes,
  };
}

function gigabyteSecondsOf(usage: InvocationUsage, { bytesPerAsset, memory }: Run): number {
  const { functionName, messages, awsCalls, showpadCalls, transfers } = usage;
  // The messages of a batch are handled side by side.
  const atOnce = Math.max(1, messages);
  const seconds =
    overheadSeconds +
    (awsCalls * awsCallSeconds + showpadCalls * showpadCallSeconds) / atOnce +
    (transfers * bytesPerAsset) / bytesPerSecond;
  return (seconds * (memory.get(functionName) ?? 0)) / 1_024;
}

const received = z.object({ Messages: z.array(z.unknown()).min(1) });
const grouped = z.object({ MessageGroupId: z.string() });
const hasGroup = (input: unknown): boolean => grouped.safeParse(input).success;
const broughtMessages = ({ action, output }: AwsCall): boolean =>
  action === 'ReceiveMessage' && received.safeParse(output).success;

const newJob = z.object({ Item: z.object({ sk: z.literal('JOB') }) });
const endOfJob = z.object({
  Key: z.object({ sk: z.literal('JOB') }),
  ExpressionAttributeValues: z.object({ ':phase': z.string().refine((phase) => phase !== 'open') }),
});

/** A new job is written to two indexes; at its end it leaves one place of the index by state for another. */
function writeUnits({ capacityUnits, input }: AwsCall): number {
  // A condition that did not hold is paid for as well.
  const units = Math.max(1, capacityUnits);
  const isIndexed = newJob.safeParse(input).success || endOfJob.safeParse(input).success;
  return isIndexed ? units + 2 : units;
}

const functionsSchema = z.object({
  Globals: z.object({ Function: z.object({ MemorySize: z.number() }) }),
  Resources: z.record(
    z.string(),
    z.object({
      Properties: z.object({ Handler: z.string().optional(), MemorySize: z.number().optional() }).optional(),
    }),
  ),
});

/** The memory of each function of the template, in MiB. */
export function readMemory(template: string): Map<string, number> {
  const { Globals, Resources } = functionsSchema.parse(parseTemplate(template));
  return new Map(
    Object.values(Resources).flatMap(({ Properties: { Handler, MemorySize } = {} }) =>
      Handler === undefined
        ? []
        : [[Handler.split('.')[0] ?? '', MemorySize ?? Globals.Function.MemorySize] as const],
    ),
  );
}
