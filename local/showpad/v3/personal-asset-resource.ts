import { extname } from 'node:path';
import { fileTypeOf } from '../file-types.ts';
import type { MyFiles, PersonalAsset } from '../user-resource.ts';
import { linkTo } from './links.ts';

/** The asset as API v3 shows it; links that would open its content are null. */
export function renderPersonalAsset(
  asset: PersonalAsset,
  { divisionId }: MyFiles,
): Readonly<Record<string, unknown>> {
  const { id, name, originalName, description, size, md5, slug, isPersonal, createdAt, uploadedAt } = asset;
  const href = linkTo('assets', id);
  return {
    id,
    resourcetype: 'Asset',
    createdAt,
    uploadedAt,
    updatedAt: uploadedAt,
    description,
    href,
    division: { id: divisionId, href: linkTo('divisions', divisionId) },
    downloadLink: null,
    shortLivedDownloadLink: null,
    shortLivedDownloadDuration: null,
    externalId: null,
    fileSize: size,
    filetype: fileTypeOf(originalName).assetType,
    isAnnotatable: true,
    isSensitive: false,
    isShareable: true,
    isDownloadable: true,
    isDivisionShared: false,
    useOptimized: true,
    name,
    originalName,
    extension: extname(originalName).slice(1),
    url: null,
    tags: { href: linkTo('assets', id, '/tags') },
    views: 0,
    liked: false,
    likesCount: 0,
    externalDate: null,
    archivedAt: null,
    expiresAt: null,
    releasedAt: null,
    draftedAt: null,
    lockedPages: null,
    pageCount: null,
    onlyShareEntireDocument: false,
    isPersonal,
    isMarketing: !isPersonal,
    externalServiceId: null,
    slug,
    hideLabel: false,
    isEditable: false,
    sourceAsset: null,
    videoLength: null,
    duration: null,
    wordCount: null,
    downloadableInternal: null,
    downloadableExternal: null,
    md5Checksum: md5,
    version: 1,
    parentAssetId: null,
  };
}
