import type * as z from 'zod';
import type { Answer } from './answer.ts';
import type { Switches } from './switches.ts';

export interface ProblemEntry {
  readonly name: string;
  readonly reason: string;
  readonly category: string;
}

const texts: Readonly<Record<number, readonly [title: string, detail: string]>> = {
  400: ['Invalid Payload', 'Property value provided is not valid.'],
  401: ['Unauthorized', 'Authorization is either invalid or expired.'],
  403: ['Forbidden', 'Server refuses to authorize the request.'],
  404: ['Missing Resource', 'The requested resource does not exist.'],
  405: ['Method Not Allowed', 'The requested resource does not support this method.'],
  409: ['Conflict', 'Request conflicts current state of the target resource.'],
  413: ['Payload Too Large', 'The request body is too large.'],
  429: ['Too Many Requests', 'The rate limit has been exceeded.'],
  500: ['Internal Server Error', 'The server could not complete the request.'],
  503: ['Service Unavailable', 'The service is temporarily unavailable.'],
};

interface ProblemOptions {
  readonly title?: string;
  readonly detail?: string;
  readonly meta?: readonly ProblemEntry[];
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A refusal, thrown by operations and answered as application/problem+json. */
export class Problem extends Error {
  readonly status: number;
  readonly title: string;
  readonly detail: string;
  readonly meta: readonly ProblemEntry[] | null;
  readonly type: string | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, options: ProblemOptions = {}) {
    const [title, detail] = texts[status] ?? ['Error', 'The request could not be completed.'];
    super(options.title ?? title);
    this.name = 'Problem';
    this.status = status;
    this.title = options.title ?? title;
    this.detail = options.detail ?? detail;
    this.meta = options.meta ?? null;
    this.type = options.type;
    this.headers = options.headers ?? {};
  }

  static invalid(name: string, reason: string, category = 'propertyInvalid', status = 400): Problem {
    return new Problem(status, { meta: [{ name, reason, category }] });
  }

  static fromZod(error: z.ZodError): Problem {
    return new Problem(400, { meta: error.issues.flatMap(entriesOf) });
  }

  toAnswer(switches: Switches): Answer {
    return {
      status: this.status,
      headers: { 'content-type': 'application/problem+json', ...this.headers },
      json: {
        title: this.title,
        detail: this.detail,
        status: switches.problemStatusAsString ? String(this.status) : this.status,
        meta: switches.problemMetaAsObject ? (this.meta?.[0] ?? null) : this.meta,
        ...(this.type === undefined ? {} : { type: this.type }),
      },
    };
  }
}

function entriesOf(issue: z.core.$ZodIssue): ProblemEntry[] {
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      name: [...path, key].join('.'),
      reason: 'The property is not supported.',
      category: 'propertyUnknown',
    }));
  }
  const missing = issue.code === 'invalid_type' && issue.input === undefined;
  return [
    {
      name: path.join('.'),
      reason: missing ? 'The property is required.' : issue.message,
      category: missing ? 'propertyRequired' : 'propertyInvalid',
    },
  ];
}
