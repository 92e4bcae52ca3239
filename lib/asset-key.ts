import { createHash } from 'node:crypto';

const externalIdLimit = 128;

/** The key of one asset in our state: `{source}:{subject}`. Source names hold no colon, so no two pairs share a key. */
export function assetKey(source: string, subject: string): string {
  return `${source}:${subject}`;
}

/**
 * The Showpad `externalId` of an asset key: the key itself where Showpad can hold and find it, else a readable
 * beginning and a stable hash. Showpad takes 1–128 characters, and its `externalIds` filter is a comma list
 * (GET /assets), so a comma in an id would name two assets.
 */
export function externalIdOf(key: string): string {
  const looksShortened = /~[0-9a-f]{32}$/.test(key);
  const storable =
    key.length <= externalIdLimit && !key.includes(',') && key.trim() === key && !looksShortened;
  if (storable) return key;
  const hash = createHash('sha256').update(key).digest('hex').slice(0, 32);
  const readable = key
    .trim()
    .replaceAll(',', '_')
    .slice(0, externalIdLimit - hash.length - 1);
  return `${readable.toWellFormed()}~${hash}`;
}

/** The partition of an asset in the table. DynamoDB's keys end at 2,048 bytes, which a subject may well pass. */
export function assetPartition(key: string): string {
  const isLong = Buffer.byteLength(key) > 1_024;
  return isLong ? `ASSET~${createHash('sha256').update(key).digest('hex')}` : `ASSET#${key}`;
}
