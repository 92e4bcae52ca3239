const zip = 'application/zip';
const ole = 'application/x-ole-storage';
const openXml = 'application/vnd.openxmlformats-officedocument';
const openDocument = 'application/vnd.oasis.opendocument';

// Extension → its media type, and the families of what its bytes may show. A protected Office file is an OLE storage.
const byExtension: Readonly<Record<string, readonly [type: string, ...families: string[]]>> = {
  pdf: ['application/pdf', 'application/pdf'],
  ai: ['application/illustrator', 'application/pdf', 'application/postscript'],
  eps: ['application/postscript', 'application/postscript'],
  docx: [`${openXml}.wordprocessingml.document`, zip, ole],
  xlsx: [`${openXml}.spreadsheetml.sheet`, zip, ole],
  pptx: [`${openXml}.presentationml.presentation`, zip, ole],
  ppsx: [`${openXml}.presentationml.slideshow`, zip, ole],
  doc: ['application/msword', ole, zip, 'application/rtf'],
  xls: ['application/vnd.ms-excel', ole, zip],
  ppt: ['application/vnd.ms-powerpoint', ole, zip],
  pps: ['application/vnd.ms-powerpoint', ole, zip],
  odt: [`${openDocument}.text`, zip],
  ods: [`${openDocument}.spreadsheet`, zip],
  odp: [`${openDocument}.presentation`, zip],
  key: ['application/vnd.apple.keynote', zip],
  pages: ['application/vnd.apple.pages', zip],
  numbers: ['application/vnd.apple.numbers', zip],
  epub: ['application/epub+zip', zip],
  zip: [zip, zip],
  rtf: ['application/rtf', 'application/rtf'],
  png: ['image/png', 'picture'],
  jpg: ['image/jpeg', 'picture'],
  jpeg: ['image/jpeg', 'picture'],
  gif: ['image/gif', 'picture'],
  webp: ['image/webp', 'picture'],
  tif: ['image/tiff', 'picture'],
  tiff: ['image/tiff', 'picture'],
  heic: ['image/heic', 'picture', 'media'],
  avif: ['image/avif', 'picture', 'media'],
  bmp: ['image/bmp', 'picture'],
  svg: ['image/svg+xml', 'image/svg+xml', 'application/xml'],
  mp4: ['video/mp4', 'media'],
  m4v: ['video/x-m4v', 'media'],
  mov: ['video/quicktime', 'media'],
  webm: ['video/webm', 'media'],
  mkv: ['video/x-matroska', 'media'],
  avi: ['video/x-msvideo', 'media'],
  mp3: ['audio/mpeg', 'media'],
  m4a: ['audio/mp4', 'media'],
  wav: ['audio/wav', 'media'],
  ogg: ['audio/ogg', 'media'],
  html: ['text/html', 'text/html', 'application/xml'],
  htm: ['text/html', 'text/html', 'application/xml'],
  xhtml: ['application/xhtml+xml', 'text/html', 'application/xml'],
  xml: ['application/xml', 'application/xml', 'text/html', 'image/svg+xml'],
  txt: ['text/plain', 'text/html', 'application/xml', 'image/svg+xml'],
  md: ['text/markdown', 'text/html', 'application/xml', 'image/svg+xml'],
  csv: ['text/csv'],
  json: ['application/json'],
};

// Text shows no signature: whether it is the right text, nobody can say.
const unsigned = new Set(['txt', 'md', 'csv', 'json', 'xml', 'html', 'htm', 'xhtml', 'bmp', 'svg', 'eps']);

/** What a file is said to be, by its name and by the media type its event gave. */
export interface DeclaredType {
  readonly name?: string | undefined;
  readonly mediaType?: string | undefined;
}

/** A media type in lower case, without parameters; null for none, and for the one that says nothing. */
export function plainType(mediaType: string | null | undefined): string | null {
  const type = mediaType?.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  return type === '' || type === 'application/octet-stream' ? null : type;
}

/** The media types that a file is declared to have, the one of its extension first. */
export function declaredTypes({ name, mediaType }: DeclaredType): string[] {
  return [byExtension[extensionOf(name)]?.[0] ?? null, plainType(mediaType)].filter((type) => type !== null);
}

/**
 * How what the bytes show stands to what was declared. Showpad goes by the extension, so that counts before the media
 * type. Pictures may stand for pictures, and films and sounds for each other: names are often wrong there.
 * @param shown null when the bytes show nothing
 */
export function compareTypes(declared: DeclaredType, shown: string | null): 'fits' | 'differs' | 'unknown' {
  const extension = knownExtension(declared);
  if (extension === null) return 'unknown';
  if (shown === null) return unsigned.has(extension) ? 'fits' : 'unknown';
  const [, ...families] = byExtension[extension] ?? [''];
  return families.includes(familyOf(shown)) ? 'fits' : 'differs';
}

/** Whether a type is on a list of types such as `application/pdf` and `image/*`. */
export function isListed(type: string, list: readonly string[]): boolean {
  return list.some(
    (entry) => entry === type || (entry.endsWith('/*') && type.startsWith(entry.slice(0, -1))),
  );
}

function knownExtension({ name, mediaType }: DeclaredType): string | null {
  const extension = extensionOf(name);
  if (Object.hasOwn(byExtension, extension)) return extension;
  const type = plainType(mediaType);
  return Object.keys(byExtension).find((candidate) => byExtension[candidate]?.[0] === type) ?? null;
}

function extensionOf(name: string | undefined): string {
  return /\.([a-z0-9]{1,10})$/i.exec(name ?? '')?.[1]?.toLowerCase() ?? '';
}

function familyOf(type: string): string {
  if (type === 'image/svg+xml') return type;
  if (type.startsWith('image/')) return 'picture';
  return /^(?:video|audio)\//.test(type) ? 'media' : type;
}
