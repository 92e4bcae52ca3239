import * as z from 'zod';
import { createDispatcher } from '../lib/guarded-connector.ts';
import { ShowpadClient } from '../lib/showpad/client.ts';
import { staticToken } from '../lib/showpad/token.ts';
import { parseSettings, v3UrlOf } from '../local/settings.ts';
import { ReaderError } from './reader-error.ts';
import { readReadyFile } from './ready-file.ts';

type Environment = Readonly<Record<string, string | undefined>>;

export interface Connection {
  readonly v4Url: string;
  readonly v3Url: string;
  readonly token: string;
  /** Where the token is from, for a person whose token is refused. */
  readonly tokenFrom: string;
}

const readySchema = z.object({
  showpad: z.object({ v4: z.url(), v3: z.url().optional(), token: z.string().optional() }),
});

/**
 * Which Showpad to read, and as whom: the organisation at SHOWPAD_V4_URL, else that of the local system whose ready
 * file CONNECTOR_READY_FILE names. An empty variable counts as not set.
 * @throws ReaderError that says which setting is missing or wrong, never a value
 */
export async function findConnection(environment: Environment): Promise<Connection> {
  const readyFile = environment['CONNECTOR_READY_FILE'];
  if (environment['SHOWPAD_V4_URL']) return ownOrganisation(environment);
  if (readyFile) return localSystem(await readReadyFile(readyFile, readySchema), environment);
  throw new ReaderError(
    'Which Showpad? Set SHOWPAD_V4_URL (such as https://acme.api.showpad.com/v4) and SHOWPAD_TOKEN, or\n' +
      'CONNECTOR_READY_FILE to the file that npm start -- --ready-file FILE wrote.',
    2,
  );
}

export function connect({ v4Url, v3Url, token }: Connection): ShowpadClient {
  return new ShowpadClient({
    v4Url,
    v3Url,
    token: staticToken(() => Promise.resolve(token)),
    // The address is the person's own choice, and no others are called.
    createDispatcher: () => createDispatcher({ allowPrivateAddresses: true }),
  });
}

function ownOrganisation(environment: Environment): Connection {
  const names = ['SHOWPAD_V4_URL', 'SHOWPAD_V3_URL', 'SHOWPAD_TOKEN', 'SHOWPAD_CREDENTIALS'];
  const given = Object.fromEntries(names.map((name) => [name, environment[name]]));
  let showpad;
  try {
    ({ showpad } = parseSettings(given));
  } catch (error) {
    throw new ReaderError(error instanceof Error ? error.message : String(error), 2);
  }
  if (typeof showpad !== 'object') throw new ReaderError('SHOWPAD_V4_URL is missing.', 2);
  const { v4Url, v3Url, credentials } = showpad;
  const tokenFrom = environment['SHOWPAD_TOKEN'] ? 'SHOWPAD_TOKEN' : 'SHOWPAD_CREDENTIALS';
  return { v4Url, v3Url, token: usableToken(credentials['token'], tokenFrom), tokenFrom };
}

function localSystem({ showpad }: z.infer<typeof readySchema>, environment: Environment): Connection {
  const { v4: v4Url, v3: v3Url = v3UrlOf(v4Url), token } = showpad;
  if (token !== undefined) return { v4Url, v3Url, token, tokenFrom: 'the ready file' };
  const own = { SHOWPAD_V4_URL: v4Url, SHOWPAD_V3_URL: v3Url };
  return ownOrganisation({ ...environment, ...own });
}

function usableToken(token: string | undefined, from: string): string {
  if (token === undefined)
    throw new ReaderError(`${from} must hold a token for this: {"token":"…"}, or set SHOWPAD_TOKEN.`, 2);
  if (/^[!-~]+$/.test(token)) return token;
  throw new ReaderError(`${from} holds a token with spaces or other characters that no token has.`, 2);
}
