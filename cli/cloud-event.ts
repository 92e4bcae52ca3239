import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { ReaderError } from './reader-error.ts';
import type { SendOptions } from './send-command-line.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** An event as it is sent. */
export interface CloudEvent {
  readonly id: string;
  readonly type: string;
  readonly subject: string;
  readonly [attribute: string]: unknown;
}

/**
 * Makes the event that is asked for; what it does not say is filled in: a fresh id, the time of now.
 * @throws ReaderError when its file cannot be read, or holds something else than one event
 */
export async function readEvent(
  { origin, eventId }: Pick<SendOptions, 'origin' | 'eventId'>,
  environment: Environment,
): Promise<CloudEvent> {
  const given = origin.kind === 'given' ? origin : parseEvent(await readText(origin.file, environment));
  const { type, subject, data } = given;
  const filled = {
    specversion: '1.0',
    source: '/shell',
    time: new Date().toISOString(),
    ...(origin.kind === 'given' ? { type, subject, datacontenttype: 'application/json', data } : given),
  };
  const own = 'id' in filled && typeof filled.id === 'string' ? filled.id : randomUUID();
  return { ...filled, id: eventId ?? own, type, subject };
}

type Given = { readonly type: string; readonly subject: string } & Readonly<Record<string, unknown>>;

async function readText(file: string, { INIT_CWD: calledIn }: Environment): Promise<string> {
  if (file === '-') return text(process.stdin);
  try {
    // npm runs everything in the project's own folder, and tells where it was called.
    return await readFile(resolve(calledIn ?? '.', file), 'utf8');
  } catch {
    throw new ReaderError(`--event names ${file}, which cannot be read.`, 2);
  }
}

function parseEvent(json: string): Given {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw new ReaderError('The event is not JSON.', 2);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new ReaderError('The event must be one JSON object.', 2);
  const { type, subject } = value as Record<string, unknown>;
  if (typeof type === 'string' && typeof subject === 'string') return { ...value, type, subject };
  throw new ReaderError('The event must have at least a "type" and a "subject", both of them text.', 2);
}
