import * as z from 'zod';
import { cloudEventsSettings } from '../lib/sources/cloudevents.ts';
import { ReaderError } from './reader-error.ts';
import { readReadyFile } from './ready-file.ts';

type Environment = Readonly<Record<string, string | undefined>>;

const readySchema = z.object({ sources: z.record(z.string(), z.object({ secret: z.string() })) });

/**
 * The signing secret of a source: CONNECTOR_SECRET, else what the ready file of the local system says. An empty
 * variable counts as not set.
 * @throws ReaderError that says what is missing or wrong, never a value
 */
export async function findSigningSecret(source: string, environment: Environment): Promise<string> {
  const { CONNECTOR_SECRET: given, CONNECTOR_URL: url, CONNECTOR_READY_FILE: readyFile } = environment;
  if (given) return usable(given);
  if (!url && readyFile) {
    const { sources } = await readReadyFile(readyFile, readySchema);
    const found = Object.hasOwn(sources, source) ? sources[source] : undefined;
    if (found !== undefined) return usable(found.secret);
    const names = Object.keys(sources).join(', ');
    throw new ReaderError(`The local system has no source ${source}. There is: ${names}.`, 2);
  }
  throw new ReaderError(
    `With what is it signed? Set CONNECTOR_SECRET to one of the secrets of the source ${source}, whsec_ and base64.`,
    2,
  );
}

function usable(secret: string): string {
  if (cloudEventsSettings.safeParse({ adapter: 'cloudevents', secrets: [secret] }).success) return secret;
  const why = /^\s*[{[]/.test(secret)
    ? 'It looks like the JSON of all sources: one of its secrets is wanted.'
    : 'It must be whsec_ and the base64 of at least 16 bytes, without quotes or spaces.';
  throw new ReaderError(`CONNECTOR_SECRET is no signing secret. ${why}`, 2);
}
