/** What an object under `inbox/` is. */
export interface InboxPlace {
  /** The folder that it lies in; null when it lies in none. */
  readonly source: string | null;
  /** The file that it is, or that it is beside: the subject of its events. */
  readonly fileKey: string;
  /** Whether it says something of the file beside it, and is none itself. */
  readonly isSidecar: boolean;
}

const ending = '.json';
const longestKeyBytes = 1_024;

/** What a key names; null for one that is no file of the inbox, and for the mark of a folder. */
export function placeOf(key: string): InboxPlace | null {
  const [inbox, source = '', ...rest] = key.split('/');
  if (inbox !== 'inbox' || key === inbox || key.endsWith('/')) return null;
  const fileKey = key.slice(0, -ending.length);
  const isSidecar = key.endsWith(ending) && hasExtension(fileKey);
  return { source: rest.length === 0 ? null : source, fileKey: isSidecar ? fileKey : key, isSidecar };
}

/** The key of the metadata beside a file; null where there can be none: `README.json` is a file of its own. */
export function sidecarOf(fileKey: string): string | null {
  const key = `${fileKey}${ending}`;
  return hasExtension(fileKey) && Buffer.byteLength(key) <= longestKeyBytes ? key : null;
}

/** The last part of a key. */
export function lastPart(key: string): string {
  return key.slice(key.lastIndexOf('/') + 1);
}

/** Whether a URL would lead elsewhere: it has no way to say that `..` is a name. */
export function hasDotSegment(key: string): boolean {
  return key.split('/').some((part) => part === '.' || part === '..');
}

function hasExtension(key: string): boolean {
  return /[^/]\.[A-Za-z0-9]{1,10}$/.test(key);
}
