const mostBytes = 200;
// Bidirectional controls, zero-width and other invisible characters, line and paragraph separators, tags.
const invisible =
  /\u034F|\u17B4|\u17B5|\u180E|[\u00AD\u061C\u115F\u1160\u200B\u200E\u200F\u2028-\u202E\u2060-\u206F\uFEFF\uFFF9-\uFFFC\u{E0000}-\u{E007F}]/gu;
// Joiners make emoji and the scripts of Persia and India; beside plain ASCII they only hide.
const idleJoiners = /(?<=^|\p{ASCII})[\u200C\u200D]+|[\u200C\u200D]+(?=\p{ASCII}|$)/gu;
const forbiddenOnSomeSystem = /[<>:"|?*]/g;
const reserved = /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)(?=\.|$)/i;
const extensionOf = /\.[A-Za-z0-9]{1,10}$/;

/** A title as people read it: well-formed, composed (NFC), without control characters and what cannot be seen. */
export function cleanTitle(text: string): string {
  return text
    .toWellFormed()
    .normalize('NFC')
    .replaceAll(/\p{Cc}+/gu, ' ')
    .replaceAll(invisible, '')
    .replaceAll(idleJoiners, '')
    .trim();
}

/**
 * The name of a file made fit for every place where names go: a header, a form, a disk, a title. It is one path
 * segment that is not hidden and not reserved, without quotes or escapes, of at most 200 bytes, and keeps its
 * extension. A clean name stays as it is.
 */
export function cleanFileName(text: string): string {
  const segments = cleanTitle(text.replaceAll('\0', '')).split(/[/\\]/);
  const segment = segments.findLast((part) => /[^.\s]/.test(part)) ?? '';
  const name = segment
    // Somebody behind us might decode what only looks like text.
    .replaceAll(/%(?=[0-9A-Fa-f]{2})/g, '_')
    .replaceAll(forbiddenOnSomeSystem, '_')
    .replace(/[.\s]+$/, '')
    .trimStart()
    .replace(/^[.~-]/, '_')
    .replace(reserved, '_$&');
  return cutTo(mostBytes, name) || 'file';
}

function cutTo(bytes: number, name: string): string {
  if (Buffer.byteLength(name) <= bytes) return name;
  const extension = extensionOf.exec(name)?.[0] ?? '';
  let stem = '';
  for (const character of name.slice(0, name.length - extension.length)) {
    if (Buffer.byteLength(stem + character + extension) > bytes) break;
    stem += character;
  }
  return `${stem.replace(/[.\s]+$/, '')}${extension}`;
}
