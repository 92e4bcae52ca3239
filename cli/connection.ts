import * as z from 'zod';
import { createDispatcher } from '../lib/guarded-connector.ts';
import { ShowpadClient } from '../lib/showpad/client.ts';
import type { Credentials, GrantCredentials } from '../lib/showpad/credentials.ts';
import { TokenEndpoint } from '../lib/showpad/oauth.ts';
import { staticToken } from '../lib/showpad/token.ts';
import { parseSettings, v3UrlOf } from '../local/settings.ts';
import { ReaderError } from './reader-error.ts';
import { readReadyFile } from './ready-file.ts';

type Environment = Readonly<Record<string, string | undefined>>;

type PasswordCredentials = Extract<GrantCredentials, { readonly grant: 'password' }>;

export interface Connection {
  readonly v4Url: string;
  readonly v3Url: string;
  /** A token, or what to log in with. */
  readonly access: string | PasswordCredentials;
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

export function connect({ v4Url, v3Url, access }: Connection): ShowpadClient {
  const endpoint = new TokenEndpoint({ v3Url, withDispatcher: (task) => client.withSockets(task) });
  const client = new ShowpadClient({
    v4Url,
    v3Url,
    token: staticToken(async () =>
      typeof access === 'string' ? access : (await endpoint.ask(access)).accessToken,
    ),
    // The address is the person's own choice, and no others are called.
    createDispatcher: () => createDispatcher({ allowPrivateAddresses: true }),
  });
  return client;
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
  return { v4Url, v3Url, access: accessBy(credentials, tokenFrom), tokenFrom };
}

function localSystem({ showpad }: z.infer<typeof readySchema>, environment: Environment): Connection {
  const { v4: v4Url, v3: v3Url = v3UrlOf(v4Url), token } = showpad;
  if (token !== undefined) return { v4Url, v3Url, access: token, tokenFrom: 'the ready file' };
  const own = { SHOWPAD_V4_URL: v4Url, SHOWPAD_V3_URL: v3Url };
  return ownOrganisation({ ...environment, ...own });
}

function accessBy(credentials: Credentials, from: string): Connection['access'] {
  if ('token' in credentials) {
    if (/^[!-~]+$/.test(credentials.token)) return credentials.token;
    throw new ReaderError(`${from} holds a token with spaces or other characters that no token has.`, 2);
  }
  if (credentials.grant === 'password') return credentials;
  throw new ReaderError(
    `${from} holds a refresh token, which can be used once and is the connector's: set SHOWPAD_TOKEN instead.`,
    2,
  );
}
