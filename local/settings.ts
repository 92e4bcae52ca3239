import { resolve } from 'node:path';
import * as z from 'zod';
import { credentialsSchema } from '../lib/showpad/credentials.ts';
import { sourceCredentialsSchema } from '../lib/source-credentials.ts';
import { sourcesSchema } from './sources.ts';
import type { StackOptions } from './stack-options.ts';

const url = z
  .url({ protocol: /^https?$/, error: 'must be an http or https URL' })
  .transform((text) => text.replace(/\/+$/, ''));
const wholeNumber = z.string().regex(/^\d+$/, 'must be a whole number');

function jsonOf<Schema extends z.ZodType>(schema: Schema) {
  return z
    .string()
    .transform((text, context): unknown => {
      try {
        return JSON.parse(text);
      } catch {
        context.addIssue({ code: 'custom', message: 'must be JSON' });
        return z.NEVER;
      }
    })
    .pipe(schema);
}

const settingsSchema = z.object({
  PORT: wholeNumber.default('3000').transform(Number).pipe(z.number().max(65_535, 'must be at most 65535')),
  SHOWPAD_V4_URL: url.optional(),
  SHOWPAD_V3_URL: url.optional(),
  SHOWPAD_TOKEN: z.string().optional(),
  SHOWPAD_CREDENTIALS: jsonOf(credentialsSchema).optional(),
  SOURCES: jsonOf(sourcesSchema).optional(),
  SOURCE_CREDENTIALS: jsonOf(sourceCredentialsSchema).optional(),
  SHOWPAD_REQUESTS_PER_SECOND: wholeNumber.optional(),
  SHOWPAD_LEAST_REQUESTS_PER_SECOND: wholeNumber.optional(),
  TICKET_POLL_SECONDS: wholeNumber.optional(),
  PROCESSING_POLL_SECONDS: wholeNumber.optional(),
  // On one machine nothing is saved by gathering looks.
  POLL_GATHER_SECONDS: wholeNumber.default('0'),
  PROCESSING_DEADLINE_SECONDS: wholeNumber.optional(),
  SETTLE_SECONDS: wholeNumber.optional(),
  SOURCE_DEADLINE_SECONDS: wholeNumber.optional(),
  MAX_FILE_BYTES: wholeNumber.optional(),
  ALLOW_PRIVATE_SOURCES: z.enum(['true', 'false'], { error: 'must be true or false' }).optional(),
  DELIVERY: z.enum(['running', 'paused'], { error: 'must be running or paused' }).optional(),
  STATE_DIR: z.string().optional(),
});

type Given = Readonly<Record<string, string | undefined>>;

/** What is wrong with settings together that may each be right. */
function combinationFaults(given: Given): string[] {
  const has = (setting: string): boolean => given[setting] !== undefined;
  const hasCredentials = has('SHOWPAD_TOKEN') || has('SHOWPAD_CREDENTIALS');
  return [
    ...(has('SHOWPAD_V4_URL') && !hasCredentials
      ? ['SHOWPAD_TOKEN or SHOWPAD_CREDENTIALS is needed for the Showpad at SHOWPAD_V4_URL']
      : []),
    ...(has('SHOWPAD_TOKEN') && has('SHOWPAD_CREDENTIALS')
      ? ['SHOWPAD_TOKEN and SHOWPAD_CREDENTIALS are two ways to sign in: set only one']
      : []),
    ...(!has('SHOWPAD_V4_URL') && (has('SHOWPAD_V3_URL') || hasCredentials)
      ? ['SHOWPAD_V4_URL is missing: the other SHOWPAD_ settings belong to a Showpad of your own']
      : []),
  ];
}

export type Settings = Pick<
  StackOptions,
  'parameters' | 'showpad' | 'sources' | 'sourceCredentials' | 'stateDirectory'
> & {
  readonly port: number;
};

/**
 * Reads the settings of the local stack. An empty variable counts as not set.
 * @throws {Error} that names every bad setting with its rule, never a value: values may be secrets.
 */
export function parseSettings(environment: Given): Settings {
  const given: Given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const parsed = settingsSchema.safeParse(given);
  const ownFaults = parsed.error?.issues.map(({ path, message }) => `${path.join('.')} ${message}`) ?? [];
  const faults = [...ownFaults, ...combinationFaults(given)];
  if (!parsed.success || faults.length > 0) {
    throw new Error(`The settings are not usable: ${faults.join('; ')}.`);
  }
  const { PORT, SHOWPAD_V4_URL, SHOWPAD_V3_URL, SHOWPAD_TOKEN, SHOWPAD_CREDENTIALS } = parsed.data;
  const { SOURCES, SOURCE_CREDENTIALS, STATE_DIR } = parsed.data;
  const credentials = SHOWPAD_CREDENTIALS ?? { token: SHOWPAD_TOKEN ?? '' };
  return {
    port: PORT,
    parameters: templateParameters(parsed.data),
    ...(SHOWPAD_V4_URL === undefined
      ? {}
      : {
          showpad: { v4Url: SHOWPAD_V4_URL, v3Url: SHOWPAD_V3_URL ?? v3UrlOf(SHOWPAD_V4_URL), credentials },
        }),
    ...(SOURCES === undefined ? {} : { sources: SOURCES }),
    ...(SOURCE_CREDENTIALS === undefined ? {} : { sourceCredentials: SOURCE_CREDENTIALS }),
    ...(STATE_DIR === undefined ? {} : { stateDirectory: resolve(standingIn(given), STATE_DIR) }),
  };
}

/** `npm start` runs in the project's own folder, and tells where it was called. */
function standingIn({ npm_lifecycle_event: script, INIT_CWD: calledIn }: Given): string {
  return script === 'start' && calledIn !== undefined ? calledIn : process.cwd();
}

/** Settings that are template parameters of the deployed system too; the template checks their ranges. */
function templateParameters(settings: z.output<typeof settingsSchema>): Record<string, string> {
  const parameters = {
    ShowpadRequestsPerSecond: settings.SHOWPAD_REQUESTS_PER_SECOND,
    ShowpadLeastRequestsPerSecond: settings.SHOWPAD_LEAST_REQUESTS_PER_SECOND,
    TicketPollSeconds: settings.TICKET_POLL_SECONDS,
    ProcessingPollSeconds: settings.PROCESSING_POLL_SECONDS,
    PollGatherSeconds: settings.POLL_GATHER_SECONDS,
    ProcessingDeadlineSeconds: settings.PROCESSING_DEADLINE_SECONDS,
    SettleSeconds: settings.SETTLE_SECONDS,
    SourceDeadlineSeconds: settings.SOURCE_DEADLINE_SECONDS,
    MaxFileBytes: settings.MAX_FILE_BYTES,
    AllowPrivateSources: settings.ALLOW_PRIVATE_SOURCES,
    Delivery: settings.DELIVERY,
  };
  return Object.fromEntries(
    Object.entries(parameters).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

/**
 * API v3 beside a given API v4: Showpad's own https://acme.api.showpad.com/v4 has it at
 * https://acme.showpad.biz/api/v3; anywhere else it is taken to be at /api/v3 of the same origin.
 */
export function v3UrlOf(v4Url: string): string {
  const { hostname, origin } = new URL(v4Url);
  const [, organisation] = /^([^.]+)\.api\.showpad\.com$/.exec(hostname) ?? [];
  return organisation === undefined ? `${origin}/api/v3` : `https://${organisation}.showpad.biz/api/v3`;
}
