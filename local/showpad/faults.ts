import * as z from 'zod';
import type { ChangeSignal } from './change-signal.ts';

const delayMs = z.number().min(0);
const afterBytes = z.number().int().min(0);

export const faultActionSchema = z.discriminatedUnion('kind', [
  /** Answers this instead of doing anything; without a body the listener's own error body is used. */
  z.strictObject({
    kind: z.literal('status'),
    status: z.number().int().min(200).max(599),
    body: z.unknown().optional(),
    headers: z.record(z.string(), z.string()).optional(),
    retryAfter: z.union([z.number(), z.string()]).optional(),
  }),
  /** Does the work at once and answers this much later. */
  z.strictObject({ kind: z.literal('delay'), delayMs }),
  /** Never answers, does nothing, and stops reading the request after so many bytes (absent: reads it all). */
  z.strictObject({ kind: z.literal('stall'), afterBytes: afterBytes.optional() }),
  /** Destroys the connection after so many bytes of the request's body; nothing is done. */
  z.strictObject({ kind: z.literal('cutRequest'), afterBytes }),
  /** Does the work, sends so many bytes of the answer's body, and destroys the connection. */
  z.strictObject({ kind: z.literal('cutAnswer'), afterBytes }),
  /** Resets the connection as soon as the request's head has arrived. */
  z.strictObject({ kind: z.literal('reset') }),
  /** Does the work and destroys the connection instead of answering. */
  z.strictObject({ kind: z.literal('commitThenDrop') }),
  /** Destroys the connection when the request has arrived whole; the work is done this much later. */
  z.strictObject({ kind: z.literal('commitLate'), delayMs }),
]);
export type FaultAction = z.infer<typeof faultActionSchema>;

export const faultSchema = z.strictObject({
  match: z
    .strictObject({
      method: z.string().optional(),
      /** A whole path in which `{anything}` stands for one segment, or a regular expression to search for. */
      path: z.union([z.string(), z.instanceof(RegExp)]).optional(),
      /** The source of a regular expression, for those who can only send JSON. */
      pattern: z.string().optional(),
      /** The first matching request that is hit, from 1. */
      nth: z.number().int().min(1).default(1),
      /** How many matching requests are hit from there. */
      times: z.union([z.number().int().min(1), z.literal('always')]).default(1),
    })
    .prefault({}),
  action: faultActionSchema,
});
export type FaultOptions = z.input<typeof faultSchema>;

export interface Fault {
  readonly id: number;
  readonly action: FaultAction;
  /** Requests that this fault has struck. */
  readonly hits: number;
  remove(): void;
}

interface ActiveFault extends Fault {
  hits: number;
  seen: number;
  readonly match: z.infer<typeof faultSchema>['match'];
  readonly pathPattern: RegExp | undefined;
}

/** The script of things that go wrong. Of several faults that match a request the one added first strikes. */
export class Faults {
  private readonly changes: ChangeSignal;
  private active: ActiveFault[] = [];
  private lastId = 0;

  constructor(changes: ChangeSignal) {
    this.changes = changes;
  }

  /** Adds a fault. Throws a ZodError when the fault is not well formed. */
  add(options: FaultOptions): Fault {
    const { match, action } = faultSchema.parse(options);
    const id = ++this.lastId;
    const fault: ActiveFault = {
      id,
      action,
      match,
      pathPattern: pathPatternOf(
        match.path ?? (match.pattern === undefined ? undefined : new RegExp(match.pattern, 'u')),
      ),
      hits: 0,
      seen: 0,
      remove: () => {
        this.active = this.active.filter((other) => other.id !== id);
      },
    };
    this.active.push(fault);
    return fault;
  }

  list(): readonly Fault[] {
    return this.active;
  }

  clear(): void {
    this.active = [];
  }

  /** The fault that strikes this request, if any. Counts the request for every fault that matches it. */
  take(method: string, path: string): Fault | undefined {
    let struck: ActiveFault | undefined;
    for (const fault of this.active) {
      const { match, pathPattern } = fault;
      if (match.method !== undefined && match.method.toUpperCase() !== method) continue;
      if (pathPattern !== undefined && !pathPattern.test(path)) continue;
      fault.seen += 1;
      const last = match.times === 'always' ? Infinity : match.nth + match.times - 1;
      if (struck === undefined && fault.seen >= match.nth && fault.seen <= last) struck = fault;
    }
    if (struck !== undefined) {
      struck.hits += 1;
      this.changes.notify();
    }
    return struck;
  }
}

function pathPatternOf(path: string | RegExp | undefined): RegExp | undefined {
  if (path === undefined) return undefined;
  // A global or sticky expression would remember its place between requests.
  if (typeof path !== 'string') return new RegExp(path.source, path.flags.replace(/[gy]/gu, ''));
  const source = path
    .split(/\{[^}]*\}/u)
    .map((literal) => literal.replace(/[\\^$.*+?()[\]{}|/]/gu, String.raw`\$&`))
    .join('[^/]+');
  return new RegExp(`^${source}$`, 'u');
}
