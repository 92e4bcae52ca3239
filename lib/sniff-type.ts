/** Bytes at the beginning of a file that are enough to tell what it is. */
export const beginningBytes = 4_096;

// https://mimesniff.spec.whatwg.org and the formats' own documents. Only what is unmistakable: a type that random
// bytes could pretend to be is not worth a refusal.
const signatures: readonly (readonly [type: string, offset: number, bytes: string])[] = [
  ['image/png', 0, '\x89PNG\r\n\x1a\n'],
  ['image/jpeg', 0, '\xff\xd8\xff'],
  ['image/gif', 0, 'GIF87a'],
  ['image/gif', 0, 'GIF89a'],
  ['image/tiff', 0, 'II*\0'],
  ['image/tiff', 0, 'MM\0*'],
  ['image/webp', 8, 'WEBPVP8'],
  ['audio/wav', 8, 'WAVEfmt '],
  ['video/x-msvideo', 8, 'AVI LIST'],
  ['audio/mpeg', 0, 'ID3\x03'],
  ['audio/mpeg', 0, 'ID3\x04'],
  ['audio/ogg', 0, 'OggS\0'],
  ['video/webm', 0, '\x1a\x45\xdf\xa3'],
  ['video/mp4', 4, 'ftyp'],
  ['application/zip', 0, 'PK\x03\x04'],
  ['application/zip', 0, 'PK\x05\x06'],
  ['application/x-ole-storage', 0, '\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1'],
  ['application/rtf', 0, '{\\rtf'],
  ['application/postscript', 0, '%!PS-Adobe'],
  ['application/gzip', 0, '\x1f\x8b\x08'],
  ['application/x-7z-compressed', 0, "7z\xbc\xaf'\x1c"],
  ['application/vnd.rar', 0, 'Rar!\x1a\x07'],
  ['application/x-xz', 0, '\xfd7zXZ\0'],
  ['application/x-elf', 0, '\x7fELF'],
  ['application/x-mach-binary', 0, '\xcf\xfa\xed\xfe'],
  ['application/x-mach-binary', 0, '\xca\xfe\xba\xbe'],
];

/** The media type that a file shows by its first 4 KiB; null for text and for what is not surely known. */
export function sniffType(beginning: Buffer): string | null {
  const bytes = beginning.toString('latin1', 0, beginningBytes);
  const signature = signatures.find(([, offset, text]) => bytes.startsWith(text, offset));
  if (signature !== undefined) return signature[0];
  const markup = markupType(beginning.subarray(0, beginningBytes));
  if (markup !== null) return markup;
  // Readers look for it in the first 1,024 bytes.
  if (bytes.slice(0, 1_024).includes('%PDF-')) return 'application/pdf';
  return isWindowsProgram(beginning, bytes) ? 'application/vnd.microsoft.portable-executable' : null;
}

function markupType(beginning: Buffer): string | null {
  const isUtf16 = beginning[0] === 0xff && beginning[1] === 0xfe;
  const text = beginning
    .toString(isUtf16 ? 'utf16le' : 'utf8')
    .replace(/^\uFEFF/, '')
    .trimStart();
  if (!text.startsWith('<')) return null;
  // Office writes markup under the names of its binary formats.
  if (/schemas-microsoft-com:office|<\?mso-application/.test(text)) return null;
  const rest = pastProlog(text);
  if (/^<(?:!doctype\s+svg|svg[\s>])/i.test(rest)) return 'image/svg+xml';
  if (/^<(?:!doctype\s+html|(?:html|head|body|script|title|meta)[\s>/])/i.test(rest)) return 'text/html';
  if (text.startsWith('<?xml')) return 'application/xml';
  return text.startsWith('<!--') ? 'text/html' : null;
}

/** What follows declarations and comments; nothing when one of them does not end. */
function pastProlog(text: string): string {
  let rest = text;
  for (;;) {
    const end = rest.startsWith('<?') ? '?>' : rest.startsWith('<!--') ? '-->' : null;
    if (end === null) return rest;
    const at = rest.indexOf(end);
    if (at === -1) return '';
    rest = rest.slice(at + end.length).trimStart();
  }
}

function isWindowsProgram(beginning: Buffer, bytes: string): boolean {
  return (
    beginning.length >= 64 && bytes.startsWith('MZ') && bytes.startsWith('PE\0\0', beginning.readUInt32LE(60))
  );
}
