import * as z from 'zod';
import type { Problem } from './errors.ts';

/** A parsed HTTP answer. `body` is undefined when it was empty. */
export interface Answer {
  readonly status: number;
  readonly title: string;
  readonly detail: string;
  readonly problems: readonly Problem[];
  readonly body: unknown;
}

const text = z.union([z.string(), z.number().transform(String)]).catch('');
const code = z.coerce.number().int().min(100).max(599);
const problem = z.object({ name: text, reason: text, category: text });
const problems = z
  .union([z.array(problem), problem.transform((one) => [one])])
  .nullish()
  .transform((list) => list ?? [])
  .catch([]);

// The published example has `status` as a string, `meta` as an object and `type` present; all are taken.
const problemDocument = z.object({ title: text, detail: text, meta: problems });

const envelope = z.object({
  meta: z.object({ code: code.optional().catch(undefined), message: text }).optional(),
  response: z.unknown().optional(),
});
const v3Failure = z.object({ code: text, name: text, message: text });

/** Reads a v4 answer: a bare resource, or RFC 9457 problem+json when the status says so. */
export function readV4Answer(status: number, body: unknown): Answer {
  if (status < 300) return { status, title: '', detail: '', problems: [], body };
  const parsed = problemDocument.safeParse(body);
  if (!parsed.success) return { status, title: '', detail: '', problems: [], body };
  const { title, detail, meta } = parsed.data;
  return { status, title, detail, problems: meta, body };
}

/**
 * Reads a v3 answer: `{meta, response}`, where `meta.code` may report a failure under HTTP 200 and `meta` may be
 * absent. Null when the answer is no envelope although it reports success.
 */
export function readV3Answer(httpStatus: number, body: unknown): Answer | null {
  const parsed = envelope.safeParse(body);
  const isEmpty = parsed.data?.meta === undefined && parsed.data?.response === undefined;
  if (!parsed.success || (isEmpty && httpStatus < 300)) {
    if (httpStatus < 300 && body !== undefined) return null;
    return { status: httpStatus, title: '', detail: '', problems: [], body };
  }
  const { meta, response } = parsed.data;
  const status = Math.max(httpStatus, meta?.code ?? 0);
  if (status < 300) return { status, title: '', detail: '', problems: [], body: response };
  const failure = v3Failure.catch({ code: '', name: '', message: '' }).parse(response);
  const detail = failure.message || (meta?.message ?? '');
  const fault = { name: failure.code, reason: failure.message, category: failure.name };
  return { status, title: failure.name, detail, problems: failure.code ? [fault] : [], body: response };
}
