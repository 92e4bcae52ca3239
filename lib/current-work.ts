import { AsyncLocalStorage } from 'node:async_hooks';

/** What some work is about: every line that is logged meanwhile says so. */
export interface WorkFacts {
  readonly jobId?: string | undefined;
  readonly importId?: string | undefined;
  readonly source?: string | undefined;
  readonly subject?: string | undefined;
  readonly traceId?: string | undefined;
  readonly assetId?: string | undefined;
  readonly fileId?: string | undefined;
  readonly ticketId?: string | undefined;
  /** The place of a recipient in a push. */
  readonly recipient?: number | undefined;
  /** The message that could not be handled. */
  readonly messageId?: string | undefined;
}

/** What binds the work that is under way. */
interface Bonds {
  /** Aborts when it has to end. */
  readonly signal: AbortSignal | undefined;
  /** Throws when it may write no more. */
  readonly assertMayWrite: () => void;
  /** What is known of it; more may come to be known. */
  readonly about: WorkFacts;
}

const current = new AsyncLocalStorage<Bonds>();
const unbound: Bonds = { signal: undefined, assertMayWrite: () => undefined, about: Object.freeze({}) };

/** What binds the caller, however deep below the work it was called; outside any work nothing does. */
export function currentWork(): Bonds {
  return current.getStore() ?? unbound;
}

/**
 * Does some work that is bound in these ways, beside those in which its caller is. What comes to be known of work
 * that says what it is about, its caller and the work beside it do not hear of.
 */
export function bindWork<T>(bonds: Partial<Bonds>, work: () => T): T {
  const outer = currentWork();
  const assertMayWrite = (): void => {
    outer.assertMayWrite();
    bonds.assertMayWrite?.();
  };
  const about = bonds.about === undefined && outer !== unbound ? outer.about : { ...outer.about };
  Object.assign(about, known(bonds.about ?? {}));
  return current.run({ signal: bonds.signal ?? outer.signal, assertMayWrite, about }, work);
}

/** Notes what has come to be known of the work under way; what is undefined takes nothing away. */
export function nameWork(facts: WorkFacts): void {
  const work = current.getStore();
  if (work !== undefined) Object.assign(work.about, known(facts));
}

/** What a job tells of the work for it. */
export function factsOf(job: {
  readonly id: string;
  readonly source: string;
  readonly subject: string;
  readonly traceId?: string;
}): WorkFacts {
  const { id, source, subject, traceId } = job;
  return known({ jobId: id, source, subject, traceId });
}

function known(facts: WorkFacts): WorkFacts {
  return Object.fromEntries(Object.entries(facts).filter(([, fact]) => fact !== undefined));
}
