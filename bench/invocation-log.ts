import * as z from 'zod';
import type { AroundInvocation } from '../local/lambda.ts';

export interface Invocation {
  readonly functionName: string;
  readonly startedAtMs: number;
  readonly durationMs: number;
  /** That came from its queue. */
  readonly messages: number;
}

const queueEvent = z.object({ Records: z.array(z.unknown()) });

/** Every invocation of a stack, with what it cost. */
export class InvocationLog {
  readonly #invocations: Invocation[] = [];

  /** For the stack's option of this name. */
  readonly around: AroundInvocation = async (functionName, event, invoke) => {
    const startedAtMs = Date.now();
    const startedAt = performance.now();
    const messages = queueEvent.safeParse(event).data?.Records.length ?? 0;
    const result = await invoke();
    const durationMs = performance.now() - startedAt;
    this.#invocations.push({ functionName, startedAtMs, durationMs, messages });
    return result;
  };

  /** Those that began from `fromMs` until just before `untilMs`, and have ended. */
  between(fromMs: number, untilMs: number): Invocation[] {
    return this.#invocations.filter(({ startedAtMs }) => startedAtMs >= fromMs && startedAtMs < untilMs);
  }
}
