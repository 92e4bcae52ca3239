import type * as z from 'zod';
import type { Account } from './account.ts';
import type { MoveTasks } from './move-tasks.ts';
import { missingParameter, SqsError } from './sqs-error.ts';

/** What every action works on. */
export interface Context {
  readonly account: Account;
  readonly moveTasks: MoveTasks;
  /** URL of the emulator, without a slash at its end. */
  readonly origin: string;
}

/** Whoever waits for the answer. */
export interface Caller {
  readonly hasHungUp: () => boolean;
  /** Calls back when the connection ends before the answer has left. */
  readonly onUndelivered: (giveBack: () => void) => void;
}

export type Answer = Readonly<Record<string, unknown>>;
export type Action = (input: unknown, context: Context, caller: Caller) => Answer | Promise<Answer>;

/** An action of the API whose input is checked first. */
export function action<Schema extends z.ZodType>(
  schema: Schema,
  run: (input: z.output<Schema>, context: Context, caller: Caller) => Answer | Promise<Answer>,
): Action {
  return (input, context, caller) => {
    const parsed = schema.safeParse(input);
    if (!parsed.success) throw inputError(parsed.error, input);
    return run(parsed.data, context, caller);
  };
}

function inputError({ issues }: z.ZodError, input: unknown): SqsError {
  const { path = [], message = 'The request is not valid.' } = issues[0] ?? {};
  let value: unknown = input;
  for (const key of path) value = (value as Readonly<Record<PropertyKey, unknown>> | undefined)?.[key];
  const name = path.join('.');
  return value === undefined && name !== ''
    ? missingParameter(name)
    : new SqsError('SerializationException', `${name}: ${message}`);
}
