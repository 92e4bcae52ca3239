import type { ShowpadState } from './showpad-state.ts';
import type { Walk } from './walk.ts';

/** What a walk does to the file or the ticket. */
export interface Walker {
  /** Whether there is nothing left to be processed. */
  readonly isOver: () => boolean;
  readonly enter: (status: string) => void;
  readonly finish: () => void;
}

const stuckCheckMs = 50;

/** Starts to process; an earlier walk of the same file or ticket goes no further. */
export function beginWalk(
  state: ShowpadState,
  { kind, id }: Pick<Walk, 'kind' | 'id'>,
  steps: readonly string[],
  walker: Walker,
): void {
  continueWalk(state, { kind, id, steps, dueAtMs: state.now() + state.switches.processingMs }, walker);
}

/** Goes on with a walk as it was left; what has become due meanwhile happens at once. */
export function continueWalk(state: ShowpadState, walk: Walk, walker: Walker): void {
  state.walks.set(walk.id, walk);
  state.touch('walk', walk.id);
  state.scheduler.after(walk.dueAtMs - state.now(), () => {
    if (state.walks.get(walk.id) !== walk) return;
    takeStep(state, walk, walker);
    state.changes.notify();
  });
}

function takeStep(state: ShowpadState, walk: Walk, walker: Walker): void {
  const { processingMs, processingStuck } = state.switches;
  const [next, ...steps] = walk.steps;
  if (walker.isOver()) {
    endWalk(state, walk);
  } else if (next !== undefined) {
    walker.enter(next);
    continueWalk(state, { ...walk, steps, dueAtMs: state.now() + processingMs }, walker);
  } else if (processingStuck) {
    const dueAtMs = state.now() + Math.max(processingMs, stuckCheckMs);
    continueWalk(state, { ...walk, dueAtMs }, walker);
  } else {
    endWalk(state, walk);
    walker.finish();
  }
}

function endWalk(state: ShowpadState, { id }: Walk): void {
  state.walks.delete(id);
  state.touch('walk', id);
}
