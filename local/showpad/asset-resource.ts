import type { AssetType } from './file-types.ts';

interface Reference {
  readonly id: string;
}
interface PageRange {
  readonly start: number;
  readonly end: number;
}

/** The bytes that were put to a file's upload link; of the bytes themselves only the beginning is kept. */
export interface ReceivedBinary {
  readonly md5: string;
  readonly sha256: string;
  readonly size: number;
  readonly head: Buffer;
  readonly contentType: string;
  readonly receivedAt: string;
}

/** A file record of an asset, as GET …/files/{fileId} shows it, and what the emulator knows besides. */
export interface EmulatedFile {
  readonly id: string;
  name: string | null;
  status: string;
  error: string | null;
  readonly createdAt: string;
  updatedAt: string;
  /** The MD5 that was announced when the file was created (base64), or null. */
  readonly contentMD5: string | null;
  /** Every PUT that the upload link accepted. */
  readonly uploads: ReceivedBinary[];
}

export interface LocalizationVariant {
  readonly assetId: string;
  readonly status: 'to-be-localized' | 'outdated' | 'localized';
}

/** An asset, as GET /assets/{assetId} shows it, and what the emulator knows besides (see `renderAsset`). */
export interface EmulatedAsset {
  readonly id: string;
  currentFile: Reference | null;
  name: string;
  readonly division: Reference;
  status: string;
  type: AssetType;
  readonly slug: string;
  externalId: string | null;
  description: string | null;
  readonly createdAt: string;
  updatedAt: string;
  expiresAt: string | null;
  releasedAt: string | null;
  draftedAt: string | null;
  lastUploadedAt: string | null;
  permissions: { isAnnotatable: boolean; isEditable: boolean; isShareable: boolean };
  isProcessedUsed: boolean;
  isSpeakerNotesEnabled: boolean;
  isDivisionShared: boolean;
  isSensitive: boolean;
  isArchived: boolean;
  isRenderExternalAllowed: boolean;
  isOnlyEntireDocumentShareable: boolean;
  lockedPages: readonly PageRange[];
  enforcedPages: {
    readonly prepend?: readonly PageRange[] | null | undefined;
    readonly append?: readonly PageRange[] | null | undefined;
  } | null;
  url: string | null;
  checksum: string | null;
  size: number | null;
  tags: readonly Reference[];
  countries: readonly { readonly code: string }[];
  languages: readonly { readonly code: string }[];
  authors: readonly Reference[];
  downloadableExternal: readonly ('original' | 'pdf')[];
  downloadableInternal: readonly ('original' | 'pdf')[];
  /** The primary of the localization that the asset belongs to: its own id when it is the primary. */
  localizationPrimaryId: string | null;
  /** Empty but for a primary. */
  localizationVariants: readonly LocalizationVariant[];
  readonly origin: 'local' | 'oauth2client';
  archivedAt: string | null;
  /** How often people used the asset; only POST /assets/query asks for it. */
  views: number;
  likes: number;
  /** When GET /assets starts to show the asset, in milliseconds of the emulator's clock. */
  readonly listedFromMs: number;
  /** Oldest first. */
  readonly files: EmulatedFile[];
}

export interface NewAsset {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
  readonly division: Reference;
  readonly type: AssetType;
  readonly createdAt: string;
  readonly listedFromMs: number;
  readonly origin: 'local' | 'oauth2client';
}

export const defaultPermissions = { isAnnotatable: true, isEditable: false, isShareable: true };

/** An asset with Showpad's defaults, waiting for its binary. */
export function newAsset(given: NewAsset): EmulatedAsset {
  return {
    ...given,
    currentFile: null,
    status: 'prepared',
    externalId: null,
    description: null,
    updatedAt: given.createdAt,
    expiresAt: null,
    releasedAt: null,
    draftedAt: null,
    lastUploadedAt: null,
    permissions: { ...defaultPermissions },
    isProcessedUsed: true,
    isSpeakerNotesEnabled: false,
    isDivisionShared: false,
    isSensitive: false,
    isArchived: false,
    isRenderExternalAllowed: false,
    isOnlyEntireDocumentShareable: false,
    lockedPages: [],
    enforcedPages: null,
    url: null,
    checksum: null,
    size: null,
    tags: [],
    countries: [],
    languages: [],
    authors: [],
    downloadableExternal: [],
    downloadableInternal: [],
    localizationPrimaryId: null,
    localizationVariants: [],
    archivedAt: null,
    views: 0,
    likes: 0,
    files: [],
  };
}

/** The asset as the API shows it. */
export function renderAsset(asset: EmulatedAsset, find: (id: string) => EmulatedAsset | undefined): object {
  const {
    files: _files,
    listedFromMs: _listedFromMs,
    origin: _origin,
    localizationPrimaryId,
    localizationVariants: _localizationVariants,
    archivedAt: _archivedAt,
    views: _views,
    likes: _likes,
    ...shown
  } = asset;
  const primary = localizationPrimaryId === null ? undefined : find(localizationPrimaryId);
  return {
    ...shown,
    duration: null,
    pageCount: null,
    wordCount: null,
    competencies: [],
    localization: primary === undefined ? null : renderLocalization(primary, find),
  };
}

function renderLocalization(primary: EmulatedAsset, find: (id: string) => EmulatedAsset | undefined): object {
  const variants = primary.localizationVariants.flatMap(({ assetId, status }) => {
    const variant = find(assetId);
    if (variant === undefined) return [];
    const { id, languages, countries, authors, files } = variant;
    const hasOwnBinary = files.some((file) => file.status === 'active');
    const shownStatus = status === 'to-be-localized' && hasOwnBinary ? 'localized' : status;
    return [{ asset: { id, languages, countries, authors }, status: shownStatus }];
  });
  return { primary: { asset: { id: primary.id } }, variants };
}

/** The file as the API shows it: never with its upload link. */
export function renderFile(file: EmulatedFile): object {
  const { id, name, status, error, createdAt, updatedAt } = file;
  return { id, name, status, error, createdAt, updatedAt };
}
