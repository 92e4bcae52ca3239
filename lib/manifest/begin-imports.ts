import { createHash } from 'node:crypto';
import { objectKeyOf, type ObjectEvent } from '../object-event.ts';
import type { Services } from '../services.ts';
import { formatOf } from './read-manifest.ts';

const idOf = /^imp_[0-9a-f]{24}$/;

/** Begins the import of every manifest that has come. Safe to repeat: a manifest that comes once begins once. */
export async function beginImports({ Records }: ObjectEvent, services: Services): Promise<void> {
  for (const notified of Records) {
    const { eventName, eventTime, s3 } = notified;
    if (!eventName.startsWith('ObjectCreated:') || s3.bucket.name !== services.config.INBOX_BUCKET) continue;
    const { size, eTag: etag, sequencer } = s3.object;
    const key = objectKeyOf(notified);
    const [folder, source = '', ...rest] = key.split('/');
    const format = formatOf(key);
    if (folder !== 'manifests' || rest.length === 0) continue;
    if (format === null) {
      services.logger.warn('a file among the manifests is neither CSV nor JSON Lines', { key });
      continue;
    }
    const announced = rest.length > 1 && idOf.test(rest[0] ?? '') ? (rest[0] ?? null) : null;
    // The same object may be put again, with other content or the same: each time is an import of its own.
    const id = announced ?? importId(`${key}\n${sequencer === '' ? etag : sequencer}`);
    if (announced === null) {
      const createdAt = new Date(eventTime).toISOString();
      await services.imports.create({ id, source, key, format, skipInvalid: false, createdAt });
    }
    await services.imports.begin(id, { etag, size });
    const record = await services.imports.get(id);
    if (record === null) services.logger.warn('a manifest came for an import that does not exist', { key });
    // One that has gone on has its own message.
    else if (record.turn === 0) await services.queues.sendTurn({ importId: id, turn: 0 });
  }
}

/** An id that looks like all others, made from what is unique. */
export function importId(unique: string): string {
  return `imp_${createHash('sha256').update(unique).digest('hex').slice(0, 24)}`;
}
