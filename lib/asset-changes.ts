import { AssetDraft, wishName, wishValue } from './asset-draft.ts';
import { fieldInShowpad } from './asset-field.ts';
import type { Asset } from './asset-state.ts';
import { desiredName } from './desired-state.ts';
import type { TagWish } from './metadata.ts';
import { pendingPaths } from './next-step.ts';
import type { Asset as ShowpadAsset } from './showpad/assets.ts';
import type { NameSource } from './showpad-names.ts';

export interface Surroundings {
  readonly divisionId: string;
  /** Whether tags that the Division does not have are made. */
  readonly createTags: boolean;
  /** The asset as it is in Showpad; absent for one that is about to be created. */
  readonly current?: ShowpadAsset;
}

/**
 * Puts everything that is pending for an asset into the words of Showpad's API. A wish that cannot be put so
 * (an unknown tag, say) is refused with a reason, and the others go on.
 * @throws {ShowpadError} when a name could not be looked up
 */
export async function composeChanges(
  names: NameSource,
  asset: Asset,
  { divisionId, createTags, current }: Surroundings,
): Promise<AssetDraft> {
  const draft = new AssetDraft(asset);
  const pending = pendingPaths(asset);
  const fields = pending.filter((path) => path.startsWith('fields.') && path !== 'fields.tags');
  for (const path of fields) {
    // POST /assets takes no localization, only an update does.
    if (path === 'fields.localization' && current === undefined) continue;
    await draft.fulfil(path, async () => {
      draft.put(await fieldInShowpad(names, divisionId, wishName(path), wishValue(asset, path)));
    });
  }
  if (fields.some((path) => path.startsWith('fields.permissions.'))) putPermissions(draft, current);
  await putTags(draft, pending, names, { divisionId, createTags, ...(current !== undefined && { current }) });
  if (pending.includes('lifecycle')) {
    const isArchived = asset.desired.lifecycle?.value === 'archived';
    // A new asset is live without being told.
    if (isArchived || current !== undefined) draft.put({ isArchived });
    await draft.fulfil('lifecycle');
  }
  return draft;
}

/** Whether the changes that are pending can only be put together on top of what is there. */
export function needsCurrent(asset: Asset): boolean {
  return pendingPaths(asset).some((path) => /^(tags\.|fields\.(permissions\.|tags$))/.test(path));
}

/** Showpad may replace `permissions` whole, so what no event named is sent as it is. */
function putPermissions(draft: AssetDraft, current: ShowpadAsset | undefined): void {
  const { desired } = draft.asset;
  const named = Object.entries(desired.fields)
    .filter(([name, { order }]) => {
      const isRefused = draft.asset.applied.refused[`fields.${name}`]?.order === order;
      return name.startsWith('permissions.') && !isRefused;
    })
    .map(([name, { value }]) => [wishName(name), value]);
  const { isEditable, ...rest } = current?.permissions ?? {};
  // Showpad refuses any isEditable, even false, for a PDF, although it shows one.
  const isPdf = /\.pdf$/i.test(current?.name ?? desiredName(desired) ?? '');
  const kept = isEditable === undefined || isPdf ? rest : { ...rest, isEditable };
  draft.put({ permissions: { ...kept, ...Object.fromEntries(named) } });
}

/** Showpad replaces the list of tags whole, so the tags that people added are sent along. */
async function putTags(
  draft: AssetDraft,
  pending: readonly string[],
  names: NameSource,
  { divisionId, createTags, current }: Surroundings,
): Promise<void> {
  const { desired } = draft.asset;
  const isReplaced = pending.includes('fields.tags');
  const changes = Object.entries(desired.tagChanges).filter(
    ([name]) => isReplaced || pending.includes(`tags.${name}`),
  );
  if (!isReplaced && changes.length === 0) return;
  const absent = createTags ? 'create' : 'refuse';
  let tagIds = new Set((current?.tags ?? []).map(({ id }) => id));
  if (isReplaced) {
    await draft.fulfil('fields.tags', async () => {
      const replacing = new Set<string>();
      for (const tag of wishValue(draft.asset, 'fields.tags') as readonly TagWish[]) {
        replacing.add(await names.tagId(divisionId, tag, absent));
      }
      tagIds = replacing;
    });
  }
  for (const [name, { value }] of changes) {
    await draft.fulfil(`tags.${name}`, async () => {
      if (value.action === 'add') tagIds.add(await names.tagId(divisionId, value.tag, absent));
      else tagIds.delete((await names.findTagId(divisionId, value.tag)) ?? '');
    });
  }
  const isFulfilled = draft.written.some((path) => path === 'fields.tags' || path.startsWith('tags.'));
  if (isFulfilled) draft.put({ tags: [...tagIds].map((id) => ({ id })) });
}
