import type { FaultRig } from './fault-rig.ts';
import type { OutsideCall } from './invocation.ts';
import type { Run } from './run.ts';

/** What happens to one subject of a seed, and what must have become of it in the end. */
export interface Tale {
  readonly source: 'demo' | 'purge';
  readonly subject: string;
  /** In their order, each with its moment, in milliseconds from the beginning of the tale. */
  readonly deliveries: readonly { readonly event: object; readonly atMs: number }[];
  /** What is there before. */
  readonly before?: (rig: FaultRig) => Promise<void>;
  /** A fault that never ends. */
  readonly isDoomed?: (call: OutsideCall) => boolean;
  /** Every way in which a run broke what the connector promises, a sentence each. */
  readonly problems: (rig: FaultRig, run: Run) => Promise<string[]>;
}
