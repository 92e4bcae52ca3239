import type { ShowpadState } from '../showpad-state.ts';
import type { V3Result } from './envelope.ts';
import type { ReceivedForm } from './receive-form.ts';
import { V3Problem } from './v3-problem.ts';

/** One operation of Showpad's API v3: its route as the OpenAPI document writes it, and what it does. */
export interface V3Operation {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Relative to the base URL, for example `/tickets/{id}.json`. */
  readonly path: string;
  /** Throws `V3Problem` to refuse. */
  run(request: V3Request, state: ShowpadState): V3Result;
}

type Resource = Readonly<Record<string, unknown>>;

interface ListOptions {
  /** The fields that `sort` may name; every field when left out. */
  readonly sortable?: readonly string[];
  /** What is shown of each resource when `fields` is absent; every field when left out. */
  readonly shown?: readonly string[];
}

export class V3Request {
  readonly query: URLSearchParams;
  /** What was sent as multipart/form-data, if anything was. */
  readonly form: ReceivedForm | undefined;
  private readonly parameters: Readonly<Record<string, string>>;

  constructor(
    parameters: Readonly<Record<string, string>>,
    query: URLSearchParams,
    form: ReceivedForm | undefined,
  ) {
    this.parameters = parameters;
    this.query = query;
    this.form = form;
  }

  /** The path parameter `{id}`. */
  get id(): string {
    const { id } = this.parameters;
    if (id === undefined) throw new Error('The route has no parameter {id}.');
    return id;
  }

  /** The values of a resource that the parameter `fields` asks for; when it is absent, those that are `shown`, or all. */
  pick(resource: Resource, shown?: readonly string[]): Resource {
    const wanted = this.query.get('fields')?.split(',') ?? shown;
    if (wanted === undefined) return resource;
    return Object.fromEntries(Object.entries(resource).filter(([name]) => wanted.includes(name)));
  }

  flag(name: string): boolean | undefined {
    const text = this.query.get(name);
    if (text === null) return undefined;
    if (text === 'true' || text === '1') return true;
    if (text === 'false' || text === '0') return false;
    throw V3Problem.invalid(2001, `The parameter ${name} must be true or false.`);
  }

  /** The part of a list that `sort`, `limit` and `offset` ask for; `count` counts all of it. */
  list(resources: readonly Resource[], { sortable, shown }: ListOptions = {}): V3Result {
    const limit = this.wholeNumber('limit', 50, 1000);
    const offset = this.wholeNumber('offset', 0, 2_147_483_647);
    const items = this.sorted(resources, sortable).slice(offset, offset + limit);
    return { response: { count: resources.length, items: items.map((item) => this.pick(item, shown)) } };
  }

  private sorted(
    resources: readonly Resource[],
    sortable: readonly string[] | undefined,
  ): readonly Resource[] {
    const order = this.query.get('sort');
    if (order === null) return resources;
    const field = order.replace(/^-/u, '');
    const known = sortable ?? Object.keys(resources[0] ?? { [field]: null });
    if (!known.includes(field)) throw V3Problem.invalid(2001, `The list cannot be sorted by ${field}.`);
    const direction = order.startsWith('-') ? -1 : 1;
    return resources.toSorted((left, right) => direction * compare(left[field], right[field]));
  }

  private wholeNumber(name: string, fallback: number, maximum: number): number {
    const text = this.query.get(name);
    if (text === null) return fallback;
    const value = Number(text);
    if (text.trim() === '' || Number.isNaN(value)) {
      throw V3Problem.invalid(2003, `The parameter ${name} must be a number.`);
    }
    if (value < 0) throw V3Problem.invalid(2002, `The parameter ${name} must not be negative.`);
    if (!Number.isInteger(value)) throw V3Problem.invalid(2004, `The parameter ${name} must be an integer.`);
    if (value <= maximum) return value;
    throw V3Problem.invalid(2001, `The parameter ${name} must be ${String(maximum)} at most.`);
  }
}

function compare(left: unknown, right: unknown): number {
  const [one, other] = [JSON.stringify(left ?? null), JSON.stringify(right ?? null)];
  return one < other ? -1 : one > other ? 1 : 0;
}
