import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import * as z from 'zod';
import { emptyDesiredState, mergeWishes, wishesOf, type DesiredState } from '../lib/desired-state.ts';
import type { ConnectorEvent } from '../lib/events.ts';
import { applyMapping } from '../lib/sources/apply-mapping.ts';
import { adapterOf } from '../lib/sources/adapters.ts';
import { parseSources } from '../lib/sources/source-list.ts';
import type { Payload, Source, Translation } from '../lib/sources/source.ts';
import type { MapOptions } from './map-command-line.ts';
import { ReaderError } from './reader-error.ts';

/** An event that a payload means, where its values came from, and what it asks for. */
export interface MappedEvent {
  readonly event: ConnectorEvent;
  readonly origins: Readonly<Record<string, string>>;
  readonly desired: DesiredState;
}

export interface MappedPayload {
  readonly source: Source;
  /** The source as its settings were given. */
  readonly settings: unknown;
  readonly payload: Payload;
  readonly events: readonly MappedEvent[];
  /** What the source's API answers when it is asked for details. */
  readonly answer?: unknown;
}

const headersSchema = z.record(z.string(), z.union([z.string(), z.array(z.string())]));

/**
 * Reads source and payload, and translates the one by the other, as the connector does.
 * @param environment with SOURCES, where no file names the sources
 * @throws {ReaderError} that says what cannot be read, and why
 */
export async function mapPayload(
  options: MapOptions,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<MappedPayload> {
  const folder = environment['INIT_CWD'] ?? process.cwd();
  const read = (file: string): Promise<Buffer> =>
    readFile(resolve(folder, file)).catch((error: unknown) => {
      throw new ReaderError(
        `${file} cannot be read (${error instanceof Error && 'code' in error ? String(error.code) : 'unknown'}).`,
        2,
      );
    });
  const json =
    options.sourcesFile === undefined
      ? environment['SOURCES']
      : (await read(options.sourcesFile)).toString('utf8');
  if (json === undefined || json === '') {
    throw new ReaderError('There are no sources: give --sources FILE, or set SOURCES as for npm start.', 2);
  }
  const { source, settings } = findSource(json, options.source);
  const headers =
    options.headersFile === undefined ? {} : readHeaders((await read(options.headersFile)).toString('utf8'));
  const payload = { headers, body: await read(options.payloadFile), receivedAt: new Date() };
  const answer =
    options.answerFile === undefined
      ? undefined
      : parseAnswer((await read(options.answerFile)).toString('utf8'));
  const translation = adapterOf(source).translate(source, payload);
  if (translation.kind !== 'events') throw unread(translation);
  const events = translation.events.map((event, index) => ({
    event,
    origins: { ...translation.origins?.[index], ...originsOfDetails(event, answer) },
    desired: mergeWishes(emptyDesiredState, event.order, wishesOf(event, source.onDelete)),
  }));
  return { source, settings, payload, events, ...(answer !== undefined && { answer }) };
}

/** Where the values come from that the source's API brings. */
function originsOfDetails(event: ConnectorEvent, answer: unknown): Readonly<Record<string, string>> {
  const details = event.type === 'asset.upsert' ? event.data.requested?.details : undefined;
  if (details === undefined || answer === undefined) return {};
  const { origins } = applyMapping(details.mapping, { body: answer, headers: {} });
  return Object.fromEntries(
    Object.entries(origins).map(([field, origin]) => [`details.${field}`, `the answer's ${origin}`]),
  );
}

function parseAnswer(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new ReaderError('The answer is not JSON.', 2);
  }
}

function findSource(json: string, name: string): { source: Source; settings: unknown } {
  let sources: ReadonlyMap<string, Source>;
  try {
    sources = parseSources(json);
  } catch (error) {
    throw new ReaderError(error instanceof Error ? error.message : String(error), 2);
  }
  const source = sources.get(name);
  if (source === undefined) {
    throw new ReaderError(`There is no source “${name}”. There are: ${[...sources.keys()].join(', ')}.`, 2);
  }
  return { source, settings: (JSON.parse(json) as Record<string, unknown>)[name] };
}

function readHeaders(text: string): Record<string, string> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new ReaderError('The headers are not JSON.', 2);
  }
  const parsed = headersSchema.safeParse(value);
  if (!parsed.success) throw new ReaderError('The headers must be a JSON object of texts.', 2);
  return Object.fromEntries(
    Object.entries(parsed.data).map(([name, content]) => [
      name.toLowerCase(),
      Array.isArray(content) ? content.join(',') : content,
    ]),
  );
}

function unread(translation: Exclude<Translation, { kind: 'events' }>): ReaderError {
  if (translation.kind === 'unsupported') return new ReaderError(translation.message, 1);
  const faults = translation.faults.map(({ field, message }) => `  ${field} ${message}`).join('\n');
  const what =
    translation.kind === 'invalid'
      ? 'It would be refused with 400'
      : 'It would be kept as a failed job (PAYLOAD_UNREADABLE)';
  return new ReaderError(`The payload cannot be read:\n${faults}\n${what}.`, 1);
}
