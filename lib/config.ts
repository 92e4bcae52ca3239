import * as z from 'zod';

const seconds = (minimum: number, maximum: number) =>
  z
    .string()
    .regex(/^\d+$/, 'must be a whole number of seconds')
    .transform(Number)
    .pipe(z.number().min(minimum).max(maximum));
const perSecond = z
  .string()
  .regex(/^\d+$/, 'must be a whole number of requests')
  .transform(Number)
  .pipe(z.number().min(1).max(500));
const baseUrl = z
  .url({ protocol: /^https?$/, error: 'must be an http or https URL' })
  .transform((url) => url.replace(/\/+$/, ''));
const name = z.string().min(1);

/** What the functions read from their environment; template.yaml sets every key here, and no other. */
export const configSchema = z.object({
  TABLE_NAME: name,
  STAGING_BUCKET: name,
  INBOX_BUCKET: name,
  STAGE_QUEUE_URL: name,
  UPLOAD_QUEUE_URL: name,
  METADATA_QUEUE_URL: name,
  POLL_QUEUE_URL: name,
  PERSONAL_UPLOAD_QUEUE_URL: name,
  MANIFEST_QUEUE_URL: name,
  EVENTS_QUEUE_URL: name,
  INBOX_QUEUE_URL: name,
  OUTCOME_QUEUE_URL: name,
  OUTCOME_TOPIC_ARN: name,
  ENVIRONMENT_NAME: name,
  SOURCES_SECRET_ARN: name,
  SHOWPAD_SECRET_ARN: name,
  /** Empty where no source is asked for files. */
  SOURCE_CREDENTIALS_SECRET_ARN: z.string(),
  SHOWPAD_V4_URL: baseUrl,
  SHOWPAD_V3_URL: baseUrl,
  SHOWPAD_REQUESTS_PER_SECOND: perSecond,
  SHOWPAD_LEAST_REQUESTS_PER_SECOND: perSecond,
  PROCESSING_POLL_SECONDS: seconds(1, 900),
  TICKET_POLL_SECONDS: seconds(1, 900),
  BUDGET_RESERVE_PERCENT: seconds(0, 90),
  PROCESSING_DEADLINE_SECONDS: seconds(1, 1_209_600),
  SETTLE_SECONDS: seconds(0, 900),
  SOURCE_DEADLINE_SECONDS: seconds(0, 1_209_600),
  MAX_FILE_BYTES: z
    .string()
    .regex(/^\d+$/, 'must be a whole number of bytes')
    .transform(Number)
    .pipe(
      z
        .number()
        .min(1)
        .max(5 * 1024 ** 3),
    ),
  ALLOW_PRIVATE_SOURCES: z
    .enum(['true', 'false'], { error: 'must be true or false' })
    .transform((flag) => flag === 'true'),
  DELIVERY: z.enum(['running', 'paused'], { error: 'must be running or paused' }),
});

export type Config = z.output<typeof configSchema>;

/**
 * Reads the settings of the deployed functions.
 * @throws {Error} that names every bad key with its rule, never a value: values may be secrets.
 */
export function parseConfig(environment: Record<string, string | undefined>): Config {
  const parsed = configSchema.safeParse(environment);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue) => {
    const key = issue.path.join('.');
    return `${key}: ${environment[key] === undefined ? 'is missing' : issue.message}`;
  });
  throw new Error(`The environment is not usable. ${faults.join('; ')}.`);
}
