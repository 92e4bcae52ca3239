import type * as z from 'zod';
import type { Answer } from './answer.ts';
import { Problem } from './problem.ts';
import type { ShowpadState } from './showpad-state.ts';

/** One operation of Showpad's API v4: its route as the OpenAPI document writes it, and what it does. */
export interface Operation {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Relative to the base URL, for example `/assets/{assetId}`. */
  readonly path: string;
  /** Throws `Problem` to refuse. */
  run(request: OperationRequest, state: ShowpadState): Answer;
}

export class OperationRequest {
  readonly query: URLSearchParams;
  private readonly parameters: Readonly<Record<string, string>>;
  private readonly body: unknown;

  constructor(parameters: Readonly<Record<string, string>>, query: URLSearchParams, body: unknown) {
    this.parameters = parameters;
    this.query = query;
    this.body = body;
  }

  parameter(name: string): string {
    const value = this.parameters[name];
    if (value === undefined) throw new Error(`The route has no parameter {${name}}.`);
    return value;
  }

  /** The item that a path parameter names; refuses with 404 when there is none. */
  lookUp<Item>(items: ReadonlyMap<string, Item>, parameterName: string): Item {
    const item = items.get(this.parameter(parameterName));
    if (item === undefined) throw new Problem(404);
    return item;
  }

  /** The body, checked by a schema; refuses with 400 and every fault of the body. */
  parseBody<Schema extends z.ZodType>(schema: Schema): z.output<Schema> {
    const result = schema.safeParse(this.body, { reportInput: true });
    if (!result.success) throw Problem.fromZod(result.error);
    return result.data;
  }

  /** An array parameter, comma-joined as the document's `style: form, explode: false`; undefined when absent. */
  list(name: string): ReadonlySet<string> | undefined {
    const values = this.query.getAll(name);
    if (values.length === 0) return undefined;
    return new Set(values.flatMap((value) => value.split(',')).filter((value) => value !== ''));
  }

  /** The page of `items` that `limit` and `offset` ask for, with the count of all of them. */
  page<Item>(items: readonly Item[], render: (item: Item) => unknown): Answer {
    const limit = this.wholeNumber('limit', 50, 1000);
    const offset = this.wholeNumber('offset', 0, 2_147_483_647);
    return {
      status: 200,
      json: { count: items.length, items: items.slice(offset, offset + limit).map(render) },
    };
  }

  private wholeNumber(name: string, fallback: number, maximum: number): number {
    const text = this.query.get(name);
    if (text === null) return fallback;
    if (!/^\d+$/u.test(text) || Number(text) > maximum) {
      throw Problem.invalid(name, `Must be a whole number from 0 to ${String(maximum)}.`, 'parameterInvalid');
    }
    return Number(text);
  }
}
