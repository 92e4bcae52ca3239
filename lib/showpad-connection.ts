import * as z from 'zod';
import type { Config } from './config.ts';
import { createDispatcher } from './guarded-connector.ts';
import { TryAgain } from './reasons.ts';
import { ShowpadClient } from './showpad/client.ts';
import type { Pacer } from './showpad/pacer.ts';
import { staticToken } from './showpad/token.ts';
import type { Telemetry } from './telemetry.ts';

const credentialsSchema = z.strictObject({
  token: z.string().regex(/^[!-~]+$/, 'must be a token without spaces'),
});

/** A client of the configured organisation, with the credentials of its secret, which are read when needed. */
export function connectShowpad(
  config: Config,
  readSecret: () => Promise<string>,
  telemetry: Telemetry,
  pacer: Pacer,
): ShowpadClient {
  return new ShowpadClient({
    v4Url: config.SHOWPAD_V4_URL,
    v3Url: config.SHOWPAD_V3_URL,
    token: staticToken(async () => parseCredentials(await readSecret())),
    createDispatcher: () => createDispatcher({ allowPrivateAddresses: config.ALLOW_PRIVATE_SOURCES }),
    allowPrivateAddresses: config.ALLOW_PRIVATE_SOURCES,
    pacer,
    onResponse: ({ operation, status, durationMs }) => {
      telemetry.showpadAnswered(operation, status, durationMs);
    },
  });
}

/** @throws {TryAgain} when the secret is not usable: work waits until it is */
function parseCredentials(json: string): string {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw new TryAgain(`The secret with Showpad's credentials is not JSON. It must be {"token":"…"}.`);
  }
  const parsed = credentialsSchema.safeParse(value);
  if (parsed.success) return parsed.data.token;
  const isGrant = typeof value === 'object' && value !== null && 'grant' in value;
  const faults = parsed.error.issues.map(({ path, message }) => `${path.join('.') || '(all)'}: ${message}`);
  throw new TryAgain(
    isGrant
      ? `Showpad's credentials are an OAuth grant, which is not supported yet. Put {"token":"…"} into the secret.`
      : `The secret with Showpad's credentials is not usable. ${faults.join('; ')}.`,
  );
}
