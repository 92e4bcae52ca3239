import { request } from 'undici';
import * as z from 'zod';
import type { ApiRequest, SignRequest } from './api-request.ts';
import { ReaderError } from './reader-error.ts';
import { readReadyFile } from './ready-file.ts';

type Environment = Readonly<Record<string, string | undefined>>;

export interface ApiAnswer {
  readonly status: number;
  readonly body: unknown;
  /** What the connector says about it, for a person. */
  readonly detail: string;
}

/** The operators' routes of a connector. */
export interface ConnectorApi {
  /** @throws ReaderError when nobody answers */
  readonly ask: (
    method: ApiRequest['method'],
    path: string,
    query?: Readonly<Record<string, string>>,
    /** Sent as JSON. */
    body?: object,
  ) => Promise<ApiAnswer>;
}

const timeoutMs = 30_000;
const problemSchema = z.object({ detail: z.string() });

/**
 * Which connector: the one at CONNECTOR_URL, else the local system whose ready file CONNECTOR_READY_FILE names.
 * @throws ReaderError that says which setting is missing or wrong
 */
export async function findConnector(environment: Environment): Promise<URL> {
  const { CONNECTOR_URL: given, CONNECTOR_READY_FILE: readyFile } = environment;
  if (given) {
    const url = URL.parse(given);
    if (url !== null && /^https?:$/.test(url.protocol) && url.username === '') return url;
    throw new ReaderError('CONNECTOR_URL must be an http or https URL, the ApiUrl of the stack.', 2);
  }
  if (readyFile) return new URL((await readReadyFile(readyFile, z.object({ api: z.url() }))).api);
  throw new ReaderError(
    'Which connector? Set CONNECTOR_URL to the ApiUrl of the deployed stack, or\n' +
      'CONNECTOR_READY_FILE to the file that npm start -- --ready-file FILE wrote.',
    2,
  );
}

/** A deployed connector lets in who signs with AWS credentials; a local one asks nobody. */
export async function connectToConnector(base: URL, environment: Environment): Promise<ConnectorApi> {
  if (base.protocol !== 'https:') return createConnectorApi(base, (unsigned) => Promise.resolve(unsigned));
  const { createSigner } = await import('./sign-request.ts');
  return createConnectorApi(base, createSigner(base, environment));
}

function createConnectorApi(base: URL, sign: SignRequest): ConnectorApi {
  const root = base.href.replace(/\/+$/, '');
  return {
    ask: async (method, path, query = {}, content) => {
      const url = new URL(`${root}${path}`);
      for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
      const sent = content === undefined ? undefined : JSON.stringify(content);
      const type = sent === undefined ? {} : { 'content-type': 'application/json' };
      const signed = await sign({
        method,
        url,
        headers: { accept: 'application/json', ...type },
        body: sent,
      });
      try {
        const signal = AbortSignal.timeout(timeoutMs);
        const answer = await request(url, { method, headers: signed.headers, signal, body: sent ?? null });
        const body = parsed(await answer.body.text());
        const status = answer.statusCode;
        const detail = problemSchema.safeParse(body).data?.detail ?? `the connector answered ${status}`;
        return { status, body, detail };
      } catch (error) {
        const why = error instanceof Error && error.name === 'TimeoutError' ? ' in time' : '';
        throw new ReaderError(`The connector at ${base.origin} did not answer${why}. Is it up?`, 1);
      }
    },
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
