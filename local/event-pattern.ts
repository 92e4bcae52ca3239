import * as z from 'zod';

const conditionSchema = z.union(
  [z.string(), z.strictObject({ prefix: z.string() })],
  'must be a text or {"prefix": …}, all that the local EventBridge knows',
);

/**
 * As much of event patterns as is understood: texts and prefixes of `source` and `detail-type`. Anything else is
 * refused, so that no rule seems to work that does not.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html
 */
export const eventPatternSchema = z
  .strictObject({
    source: z.array(conditionSchema).min(1).optional(),
    'detail-type': z.array(conditionSchema).min(1).optional(),
  })
  .refine((pattern) => Object.keys(pattern).length > 0, 'must ask for something');
export type EventPattern = z.output<typeof eventPatternSchema>;

/** Whether an event is one that a pattern asks for: of each field that it names, one of its conditions holds. */
export function matchesPattern(
  pattern: EventPattern,
  event: { readonly source: string; readonly 'detail-type': string },
): boolean {
  return (['source', 'detail-type'] as const).every(
    (field) =>
      pattern[field]?.some((condition) =>
        typeof condition === 'string'
          ? event[field] === condition
          : event[field].startsWith(condition.prefix),
      ) ?? true,
  );
}
