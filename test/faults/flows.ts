import { setTimeout as pause } from 'node:timers/promises';
import { request } from 'undici';
import { md5, type Connector } from '../connector.ts';
import { divisionId, type FaultRig } from './fault-rig.ts';
import type { ReasonCode } from '../../lib/reasons.ts';
import type { Expected } from './invariants.ts';
import type { Run } from './run.ts';

/** A part of a story whose every call to the outside is a point at which it can be ended. */
export interface Flow {
  readonly name: string;
  /** What has to be there first, undisturbed. */
  readonly before?: (run: Run, rig: FaultRig) => Promise<void>;
  readonly tell: (run: Run, rig: FaultRig) => Promise<void>;
  /** Why its jobs fail, where they are to fail. */
  readonly reason?: ReasonCode;
  readonly expected: (subject: string) => Expected | null;
  /** What else is wrong, beside the asset. */
  readonly others?: (subject: string, connector: Connector) => string[];
}

/** Flows of one subject, each of which goes on where the one before has ended. */
export interface Chain {
  readonly source: 'demo' | 'purge';
  readonly name: string;
  readonly flows: readonly Flow[];
}

const at = (minute: number) => new Date(Date.UTC(2026, 9, 1, 0, minute)).toISOString();
export const pdf = (text: string) => Buffer.from(`%PDF-1.7\n${text}\nstartxref\n0\n%%EOF\n`);

/** A file with this text that begins as its extension says. */
export function fileOf(text: string, extension: string): Buffer {
  return extension === 'png' ? Buffer.from(`\x89PNG\r\n\x1a\n${text}`, 'latin1') : pdf(text);
}

export function upsert(minute: number, subject: string, { connector }: FaultRig, bytes?: string) {
  const content = `${subject} of minute ${minute}`;
  const url = connector.serve(`${subject}-${minute}.pdf`, bytes ?? pdf(content));
  const metadata = { description: content, tags: [{ name: `first of ${subject}` }] };
  return { type: 'asset.upsert', time: at(minute), data: { file: { url, name: 'Flow.pdf' }, metadata } };
}
export const change = (type: string, minute: number, data: object = {}) => ({ type, time: at(minute), data });

export const shown = (minute: number, subject: string): Expected => ({
  md5: md5(pdf(`${subject} of minute ${minute}`)),
  url: null,
  description: `${subject} of minute ${minute}`,
  isArchived: false,
  tags: [`first of ${subject}`],
});

/** Delivers events, one after the other. */
export function events(...make: readonly ((subject: string, rig: FaultRig) => object)[]): Flow['tell'] {
  return async (run, rig) => {
    for (const event of make) await rig.send(run, { ...event(run.subject, rig) });
  };
}

/** An asset that somebody else has made, as soon as Showpad's index shows it. */
export async function makeAsset(externalId: string, { connector }: FaultRig): Promise<void> {
  const { v4Url, token } = connector.showpad;
  const { statusCode, body } = await request(`${v4Url}/assets`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'Flow.pdf', division: { id: divisionId }, externalId }),
  });
  const answer = await body.text();
  if (statusCode !== 201) throw new Error(`The asset could not be made: ${answer}`);
  await pause(connector.showpad.switches.indexLagMs);
}

export function metadataEvent(minute: number, subject: string): object {
  return change('asset.metadata', minute, {
    metadata: { description: 'changed' },
    tags: { add: [{ name: `second of ${subject}` }], remove: [{ name: `first of ${subject}` }] },
  });
}

export function changed(subject: string): Expected {
  return { ...shown(2, subject), description: 'changed', tags: [`second of ${subject}`] };
}
