import { nothingApplied, type AppliedState, type CreateIntent } from './asset-state.ts';
import type { Asset as ShowpadAsset } from './showpad/assets.ts';

/** What is known to be applied once an asset was found in Showpad, by us or by a plan. */
export function adopted(hit: ShowpadAsset, intent: CreateIntent | undefined): AppliedState {
  return {
    ...(intent?.applied ?? nothingApplied),
    assetId: hit.id,
    ...(hit.division && { divisionId: hit.division.id }),
    lifecycle: hit.isArchived === true ? 'archived' : 'live',
    ...usableFileOf(hit),
  };
}

/** The file that an asset found in Showpad is known to hold, so that the same bytes are not sent again. */
function usableFileOf({
  currentFile,
  checksum,
  size,
  status,
}: ShowpadAsset): Pick<AppliedState, 'usableFile'> {
  const isWhole = currentFile && checksum && typeof size === 'number' && status === 'active';
  return isWhole ? { usableFile: { fileId: currentFile.id, md5: checksum.toLowerCase(), size } } : {};
}
