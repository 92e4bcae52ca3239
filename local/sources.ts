import { randomBytes } from 'node:crypto';
import * as z from 'zod';

/** What the local stack itself has to know of a source; everything else is passed on to the functions. */
export const sourcesSchema = z.record(
  z.string(),
  z.looseObject({ secrets: z.array(z.string().min(1)).min(1) }),
);

export type Sources = z.output<typeof sourcesSchema>;

/** One source, `demo`, with a fresh secret. */
export function demoSource(division: string | undefined): Sources {
  return {
    demo: {
      adapter: 'cloudevents',
      secrets: [`whsec_${randomBytes(32).toString('base64')}`],
      ...(division === undefined ? {} : { division }),
    },
  };
}
