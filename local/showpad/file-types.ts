import { extname } from 'node:path';

export type AssetType =
  | '3d-model'
  | 'audio'
  | 'document'
  | 'page'
  | 'personal-video-recording'
  | 'photo'
  | 'raw'
  | 'scorm'
  | 'unknown'
  | 'url'
  | 'video'
  | 'webapp';

interface FileType {
  readonly mediaType: string;
  readonly assetType: AssetType;
  /** What a file of this type must hold near its beginning to be processed. */
  readonly signature?: { readonly offset: number; readonly bytes: Buffer };
}

const startsWith = (text: string) => ({ offset: 0, bytes: Buffer.from(text, 'latin1') });
const office = (name: string): FileType => ({
  mediaType: `application/vnd.openxmlformats-officedocument.${name}`,
  assetType: 'document',
  signature: startsWith('PK\x03\x04'),
});
const jpeg: FileType = { mediaType: 'image/jpeg', assetType: 'photo', signature: startsWith('\xff\xd8\xff') };

const fileTypes: Readonly<Record<string, FileType>> = {
  '.pdf': { mediaType: 'application/pdf', assetType: 'document', signature: startsWith('%PDF-') },
  '.docx': office('wordprocessingml.document'),
  '.pptx': office('presentationml.presentation'),
  '.xlsx': office('spreadsheetml.sheet'),
  '.doc': { mediaType: 'application/msword', assetType: 'document' },
  '.ppt': { mediaType: 'application/vnd.ms-powerpoint', assetType: 'document' },
  '.xls': { mediaType: 'application/vnd.ms-excel', assetType: 'document' },
  '.txt': { mediaType: 'text/plain', assetType: 'document' },
  '.csv': { mediaType: 'text/csv', assetType: 'raw' },
  '.png': { mediaType: 'image/png', assetType: 'photo', signature: startsWith('\x89PNG\r\n\x1a\n') },
  '.jpg': jpeg,
  '.jpeg': jpeg,
  '.gif': { mediaType: 'image/gif', assetType: 'photo', signature: startsWith('GIF8') },
  '.svg': { mediaType: 'image/svg+xml', assetType: 'photo' },
  '.mp4': { mediaType: 'video/mp4', assetType: 'video' },
  '.mov': { mediaType: 'video/quicktime', assetType: 'video' },
  '.mp3': { mediaType: 'audio/mpeg', assetType: 'audio' },
  '.wav': { mediaType: 'audio/wav', assetType: 'audio' },
  '.zip': { mediaType: 'application/zip', assetType: 'raw' },
  '.glb': { mediaType: 'model/gltf-binary', assetType: '3d-model' },
  '.url': { mediaType: 'application/octet-stream', assetType: 'url' },
};
const otherType: FileType = { mediaType: 'application/octet-stream', assetType: 'raw' };

/** What Showpad takes a file to be, going by the extension of its name alone. */
export function fileTypeOf(name: string): FileType {
  return fileTypes[extname(name).toLowerCase()] ?? otherType;
}

/**
 * Why processing a file fails, or null when it succeeds: names that say so (`corrupt`), empty files, and files
 * whose first bytes are not what their extension promises.
 */
export function processingErrorOf(name: string, head: Buffer, size: number): string | null {
  if (/corrupt/iu.test(name)) return 'The file is damaged and could not be processed.';
  if (size === 0) return 'The file is empty.';
  const { signature, mediaType } = fileTypeOf(name);
  if (signature === undefined) return null;
  const { offset, bytes } = signature;
  if (head.subarray(offset, offset + bytes.length).equals(bytes)) return null;
  return `The file could not be processed: its content is not ${mediaType}.`;
}
