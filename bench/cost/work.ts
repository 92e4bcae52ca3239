import * as z from 'zod';
import type { AwsCall, InvocationUsage } from './usage-log.ts';

/** What one message, or one request, asks for: all of it is counted, none of it depends on the machine. */
export interface Work {
  readonly showpadCalls: number;
  readonly transfers: number;
  readonly awsCalls: number;
  /** Requests to SQS by the function itself. */
  readonly queueRequests: number;
  /** Messages that carry a group, each of which costs a little more. */
  readonly groupedMessages: number;
  /** Outcomes, each of at most 64 KiB. */
  readonly topicPublishes: number;
  readonly writeUnits: number;
  /** Those of them that claim turns to be sent to Showpad. */
  readonly paceUnits: number;
  readonly readUnits: number;
  readonly objectWrites: number;
  readonly objectReads: number;
  readonly logBytes: number;
  /** Of the line in which all metrics of an invocation are told. */
  readonly metricBytes: number;
}

const queueCalls = new Set([
  'SendMessage',
  'ReceiveMessage',
  'DeleteMessage',
  'ChangeMessageVisibility',
  'GetQueueAttributes',
]);
const tableWrites = new Set(['Put', 'Update', 'Delete', 'PutItem', 'UpdateItem', 'DeleteItem']);
const tableReads = new Set(['Get', 'Query', 'GetItem', 'BatchGet']);
const objectWrites = new Set([
  'PutObject',
  'CreateMultipartUpload',
  'UploadPart',
  'CompleteMultipartUpload',
  'ListObjectsV2',
  'ListMultipartUploads',
]);

/** The average of some invocations, each of which had one message. */
export function averageWork(invocations: readonly InvocationUsage[]): Work {
  const sum = (amountOf: (invocation: InvocationUsage) => number): number =>
    invocations.reduce((total, invocation) => total + amountOf(invocation), 0) /
    Math.max(1, invocations.length);
  const sumCalls = (isMeant: (call: AwsCall) => boolean, amountOf: (call: AwsCall) => number = () => 1) =>
    sum(({ awsCalls }) => awsCalls.filter(isMeant).reduce((total, call) => total + amountOf(call), 0));
  return {
    showpadCalls: sum(({ showpadCalls }) => showpadCalls),
    transfers: sum(({ transfers }) => transfers),
    awsCalls: sumCalls(() => true),
    queueRequests: sumCalls(({ action }) => queueCalls.has(action)),
    groupedMessages: sumCalls(({ action, input }) => action === 'SendMessage' && hasGroup(input)),
    topicPublishes: sumCalls(({ action }) => action === 'Publish'),
    writeUnits: sumCalls(({ action }) => tableWrites.has(action), writeUnits),
    paceUnits: sumCalls(({ action, input }) => tableWrites.has(action) && isPace(input), writeUnits),
    readUnits: sumCalls(
      ({ action }) => tableReads.has(action),
      ({ capacityUnits }) => Math.max(0.5, capacityUnits),
    ),
    objectWrites: sumCalls(({ action }) => objectWrites.has(action)),
    objectReads: sumCalls(({ action }) => action === 'GetObject'),
    logBytes: sum(({ logBytes }) => logBytes),
    metricBytes: sum(({ metricBytes }) => metricBytes),
  };
}

const grouped = z.object({ MessageGroupId: z.string() });
const hasGroup = (input: unknown): boolean => grouped.safeParse(input).success;
const pace = z.object({ Key: z.object({ pk: z.string().startsWith('PACE#') }) });
const isPace = (input: unknown): boolean => pace.safeParse(input).success;
const newJob = z.object({ Item: z.object({ sk: z.literal('JOB') }) });
const changedJob = z.object({
  Key: z.object({ sk: z.literal('JOB') }),
  UpdateExpression: z.string(),
  ExpressionAttributeValues: z.object({ ':phase': z.string().optional() }),
});

function writeUnits({ capacityUnits, input }: AwsCall): number {
  // A condition that did not hold is paid for as well.
  return Math.max(1, capacityUnits) + indexUnits(input);
}

/** A new job is written to two indexes; at its end it leaves its place in the index by state, and may get another. */
function indexUnits(input: unknown): number {
  if (newJob.safeParse(input).success) return 2;
  const change = changedJob.safeParse(input).data;
  if (change === undefined) return 0;
  const phase = change.ExpressionAttributeValues[':phase'];
  if (phase !== undefined) return phase === 'open' ? 0 : 2;
  return change.UpdateExpression.includes('REMOVE phase') ? 1 : 0;
}
