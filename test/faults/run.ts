import { jobId } from '../../lib/jobs.ts';
import type { Fate, OutsideCall } from './invocation.ts';

/** Decides what becomes of the `occurrence`-th call (from 1) with this label. */
export type Decide = (call: OutsideCall, occurrence: number) => Fate;

/** A story of one subject, with everything that invocations for its events have asked of the outside. */
export class Run {
  readonly source: string;
  readonly subject: string;
  /** Labels of calls, in their order, with their occurrence: `stage-binary: GET (source) #1`. */
  readonly calls: OutsideCall[] = [];
  readonly points: string[] = [];
  /** What was done to it: `kill after stage-binary: GET (source) #1`. */
  readonly faults: string[] = [];
  /** What had been done to it before it began anew. */
  readonly faultsBefore: string[] = [];
  readonly jobIds: string[] = [];
  decide: Decide = () => ({ kind: 'none' });
  readonly #occurrences = new Map<string, number>();

  constructor(source: string, subject: string) {
    this.source = source;
    this.subject = subject;
  }

  get externalId(): string {
    return `${this.source}:${this.subject}`;
  }

  expect(eventId: string): string {
    const id = jobId(this.source, eventId);
    if (!this.jobIds.includes(id)) this.jobIds.push(id);
    return id;
  }

  readonly fateOf = (call: OutsideCall): Fate => {
    const occurrence = (this.#occurrences.get(call.label) ?? 0) + 1;
    this.#occurrences.set(call.label, occurrence);
    const point = `${call.label} #${occurrence}`;
    this.calls.push(call);
    this.points.push(point);
    const fate = this.decide(call, occurrence);
    if (fate.kind !== 'none') this.faults.push(`${nameOf(fate)} ${point}`);
    return fate;
  };

  /** From now on points and jobs are counted from one again, and faults are remembered apart. */
  begin(): void {
    this.#occurrences.clear();
    this.calls.length = 0;
    this.points.length = 0;
    this.jobIds.length = 0;
    this.faultsBefore.push(...this.faults.splice(0));
  }
}

function nameOf(fate: Fate): string {
  if ('moment' in fate) return `${fate.kind} ${fate.moment}`;
  return fate.kind === 'answer' ? `answer ${fate.status} to` : fate.kind;
}
