import * as z from 'zod';
import { outcomeSchema } from '../../lib/outcome.ts';

const endOfJob = z.object({
  Key: z.object({ pk: z.string().startsWith('JOB#'), sk: z.literal('JOB') }),
  ExpressionAttributeValues: z.object({
    ':state': z.enum(['done', 'failed', 'superseded']),
    ':updatedAt': z.string(),
  }),
});
const published = z.object({ Message: z.string().transform((text): unknown => JSON.parse(text)) });

/** Sees every end of a job that was written, and every outcome that SNS has taken. */
export class OutcomeWatch {
  /** When each end was, by the id that its outcome must have. */
  readonly #ends = new Map<string, Set<string>>();
  readonly #told = new Map<string, Set<string>>();
  readonly #malformed: string[] = [];

  /** Takes a call to AWS that was made, and did what it says. */
  note(command: string, input: unknown): void {
    if (command === 'UpdateCommand') {
      const end = endOfJob.safeParse(input).data;
      if (end === undefined) return;
      const { ':state': state, ':updatedAt': at } = end.ExpressionAttributeValues;
      add(this.#ends, `${end.Key.pk.slice('JOB#'.length)}-${state}`, at);
    }
    if (command !== 'PublishCommand') return;
    const outcome = outcomeSchema.safeParse(published.parse(input).Message);
    if (outcome.success) add(this.#told, outcome.data.id, outcome.data.time);
    else this.#malformed.push(`an outcome is not as promised: ${z.prettifyError(outcome.error)}`);
  }

  /** How many ends were told. */
  get told(): number {
    return this.#told.size;
  }

  /**
   * Every end of which nobody was told, and everything told that never was. A failure may be told by a later one of the
   * same job: it has the same id.
   */
  problems(): string[] {
    const newest = (times: Iterable<string> = []): string => [...times].toSorted().at(-1) ?? '';
    const untold = [...this.#ends].flatMap(([id, times]) =>
      newest(this.#told.get(id)) >= newest(times) ? [] : [`${id} of ${newest(times)} was not told`],
    );
    const invented = [...this.#told].flatMap(([id, times]) =>
      [...times].filter((at) => this.#ends.get(id)?.has(at) !== true).map((at) => `${id} of ${at} never was`),
    );
    return [...untold, ...invented, ...this.#malformed];
  }
}

function add(map: Map<string, Set<string>>, id: string, at: string): void {
  map.set(id, (map.get(id) ?? new Set()).add(at));
}
