import { AsyncLocalStorage } from 'node:async_hooks';

/** What binds the work that is under way. */
interface Bonds {
  /** Aborts when it has to end. */
  readonly signal: AbortSignal | undefined;
  /** Throws when it may write no more. */
  readonly assertMayWrite: () => void;
}

const current = new AsyncLocalStorage<Bonds>();
const unbound: Bonds = { signal: undefined, assertMayWrite: () => undefined };

/** What binds the caller, however deep below the work it was called; outside any work nothing does. */
export function currentWork(): Bonds {
  return current.getStore() ?? unbound;
}

/** Does some work that is bound in these ways, beside those in which its caller is. */
export function bindWork<T>(bonds: Partial<Bonds>, work: () => T): T {
  const outer = currentWork();
  const assertMayWrite = (): void => {
    outer.assertMayWrite();
    bonds.assertMayWrite?.();
  };
  return current.run({ signal: bonds.signal ?? outer.signal, assertMayWrite }, work);
}
