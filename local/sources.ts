import { randomBytes } from 'node:crypto';
import * as z from 'zod';

/** Adapters of vendors that sign with keys of their own. */
const signedByOthers = new Set(['aem', 'bynder']);

/** What the local stack itself has to know of a source; everything else is passed on to the functions. */
export const sourcesSchema = z.record(
  z.string(),
  z
    .looseObject({ adapter: z.string().optional(), secrets: z.array(z.string().min(1)).default([]) })
    .refine((source) => source.secrets.length > 0 || needsNoSecret(source), {
      path: ['secrets'],
      message: 'must list at least one secret',
    }),
);

/** The functions say the rest of what is wrong with it. */
function needsNoSecret({ adapter, doors, topicArn }: Record<string, unknown>): boolean {
  const sendsNoWebhooks = Array.isArray(doors) && !doors.includes('https');
  return sendsNoWebhooks || topicArn !== undefined || signedByOthers.has(String(adapter));
}

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
