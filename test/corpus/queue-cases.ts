import type { BehaviourCase } from './api-cases.ts';

/** What is seen of a function that is handed these messages. */
export const messageCases = [
  { name: 'q-foreign', result: 'returned: 3 of 4; the other is done' },
  { name: 'q-not-json', result: 'returned: 1 of 1' },
  {
    name: 'q-schema-v9',
    result: 'returned: 1 of 1',
    why: 'it ends in the dead-letter queue, where a person sees it',
  },
  { name: 'q-poison-in-10', result: 'returned: 1 of 10; the others are done' },
  {
    name: 'q-all-poison',
    result: 'returned: 10 of 10; each is shown again after 450 to 900 s; 10 receives at most',
  },
  {
    name: 'q-stale-14d',
    result: 'returned: 0 of 1; the job is still known, and done',
    why: 'jobs are kept 45 days',
  },
  { name: 'q-receive-99', result: 'returned: 0 of 1' },
  { name: 'q-1MiB', result: 'returned: 1 of 1', why: 'our own messages are ids of less than 200 bytes' },
  {
    name: 'q-forged-producer',
    result: 'returned: 0 of 1; nothing is written',
    why: 'a message says where to look, never what to do: a job that no signed event has made is none',
  },
] as const satisfies readonly BehaviourCase[];

/** What is seen of leases. */
export const leaseCases = [
  { name: 'q-receipt-expired', result: 'the second worker is refused' },
  {
    name: 'q-clock+1h',
    result: 'the fast worker takes over; the other can write nothing more',
    why: 'the fence in the store judges every write; a minute of difference is allowed for, and AWS keeps its clocks',
  },
  { name: 'q-clock-1h', result: 'the slow worker can write nothing, and is taken over' },
] as const satisfies readonly BehaviourCase[];

/** What is seen in the whole system. */
export const systemCases = [
  { name: 'q-dup', result: 'done; 1 asset; 1 file' },
  { name: 'q-reorder', result: 'done; 1 asset; 1 file', why: 'the metadata waits for its asset' },
] as const satisfies readonly BehaviourCase[];

/** What is seen when a worker dies. */
export const killCases = [
  { name: 'q-kill-every-step', result: 'whole after every kill' },
] as const satisfies readonly BehaviourCase[];

export const queueCases: readonly BehaviourCase[] = [
  ...messageCases,
  ...leaseCases,
  ...systemCases,
  ...killCases,
];
