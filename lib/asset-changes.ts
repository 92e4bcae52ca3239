import type { AppliedState, Asset } from './asset-state.ts';
import { fieldInShowpad } from './asset-field.ts';
import { desiredName } from './desired-state.ts';
import type { EventOrder } from './event-order.ts';
import type { TagWish } from './metadata.ts';
import { pendingPaths } from './next-step.ts';
import { JobFailure } from './reasons.ts';
import type { AssetUpdate } from './showpad/asset-fields.ts';
import type { Asset as ShowpadAsset } from './showpad/assets.ts';
import type { ShowpadClient } from './showpad/client.ts';
import { resolveTag } from './tags.ts';

/** What a create or an update has to say, and what will be true once Showpad has taken it. */
export interface AssetChanges {
  /** Only what differs: a field that no event named is not there. */
  readonly body: AssetUpdate;
  readonly applied: AppliedState;
  readonly written: readonly string[];
  readonly refused: readonly string[];
}

/**
 * Puts everything that is pending for an asset into the words of Showpad's API. A wish that cannot be put so
 * (an unknown tag, say) is refused with a reason, and the others go on.
 * @param current the asset as it is in Showpad; absent for one that is about to be created
 * @throws {ShowpadError} when a name could not be looked up
 */
export async function composeChanges(
  client: ShowpadClient,
  asset: Asset,
  divisionId: string,
  current?: ShowpadAsset,
): Promise<AssetChanges> {
  const pending = pendingPaths(asset);
  const draft = new Draft(asset);
  for (const path of pending.filter((one) => one.startsWith('fields.') && one !== 'fields.tags')) {
    await draft.tryPath(path, async () => {
      Object.assign(draft.body, await fieldInShowpad(client, divisionId, nameOf(path), valueOf(asset, path)));
    });
  }
  composePermissions(draft, pending, current);
  await composeTags(draft, pending, client, divisionId, current);
  if (pending.includes('lifecycle')) {
    const isArchived = asset.desired.lifecycle?.value === 'archived';
    // A new asset is live without being told.
    if (isArchived || current !== undefined) draft.body['isArchived'] = isArchived;
    draft.written.push('lifecycle');
  }
  return draft.finish(pending.includes('lifecycle'));
}

class Draft {
  readonly asset: Asset;
  readonly body: Record<string, unknown> = {};
  readonly written: string[] = [];
  readonly #refused: AppliedState['refused'][string][] = [];
  readonly #refusedPaths: string[] = [];

  constructor(asset: Asset) {
    this.asset = asset;
  }

  /** Notes the path as written, or as refused when the task fails with a reason. */
  async tryPath(path: string, task: () => Promise<void>): Promise<void> {
    try {
      await task();
      this.written.push(path);
    } catch (error) {
      if (!(error instanceof JobFailure)) throw error;
      this.#refusedPaths.push(path);
      this.#refused.push({ order: orderOf(this.asset, path), code: error.code, message: error.message });
    }
  }

  finish(isLifecycleSettled: boolean): AssetChanges {
    const { applied, desired } = this.asset;
    const lifecycle = isLifecycleSettled ? desired.lifecycle?.value : applied.lifecycle;
    const written = (prefix: string) => this.written.filter((path) => path.startsWith(prefix));
    return {
      body: this.body,
      applied: {
        ...applied,
        fields: {
          ...applied.fields,
          ...Object.fromEntries(written('fields.').map((path) => [nameOf(path), valueOf(this.asset, path)])),
        },
        tagChanges: {
          ...applied.tagChanges,
          ...Object.fromEntries(written('tags.').map((path) => [nameOf(path), orderOf(this.asset, path)])),
        },
        refused: {
          ...applied.refused,
          ...Object.fromEntries(this.#refusedPaths.map((path, index) => [path, this.#refused[index]])),
        } as AppliedState['refused'],
        ...(lifecycle !== undefined && { lifecycle }),
      },
      written: this.written,
      refused: this.#refusedPaths,
    };
  }
}

/** Showpad may replace `permissions` whole, so what no event named is sent as it is. */
function composePermissions(
  draft: Draft,
  pending: readonly string[],
  current: ShowpadAsset | undefined,
): void {
  const paths = pending.filter((path) => path.startsWith('fields.permissions.'));
  if (paths.length === 0) return;
  const named = Object.entries(draft.asset.desired.fields)
    .filter(([name]) => name.startsWith('permissions.'))
    .map(([name, { value }]) => [name.slice('permissions.'.length), value]);
  const { isEditable, ...rest } = current?.permissions ?? {};
  // Showpad refuses any isEditable, even false, for a PDF, although it shows one.
  const isPdf = /\.pdf$/i.test(current?.name ?? desiredName(draft.asset.desired) ?? '');
  const kept = isEditable === undefined || isPdf ? rest : { ...rest, isEditable };
  draft.body['permissions'] = { ...kept, ...Object.fromEntries(named) };
}

/** Showpad replaces the list of tags whole, so the tags that people added are sent along. */
async function composeTags(
  draft: Draft,
  pending: readonly string[],
  client: ShowpadClient,
  divisionId: string,
  current: ShowpadAsset | undefined,
): Promise<void> {
  const { desired } = draft.asset;
  const isReplaced = pending.includes('fields.tags');
  const isChanged = pending.some((path) => path.startsWith('tags.'));
  if (!isReplaced && !isChanged) return;
  const tagIds = new Set((current?.tags ?? []).map(({ id }) => id));
  if (isReplaced) {
    await draft.tryPath('fields.tags', async () => {
      const replacing = [];
      for (const tag of valueOf(draft.asset, 'fields.tags') as readonly TagWish[]) {
        replacing.push(await resolveTag(client, divisionId, tag));
      }
      tagIds.clear();
      for (const id of replacing) tagIds.add(id);
    });
  }
  const replacedAt = desired.fields['tags']?.order;
  for (const [name, { order, value }] of Object.entries(desired.tagChanges)) {
    if (!isReplaced && !pending.includes(`tags.${name}`)) continue;
    await draft.tryPath(`tags.${name}`, async () => {
      if (replacedAt !== undefined && replacedAt > order) return;
      const id = await resolveTag(client, divisionId, value.tag, value.action === 'add' ? 'create' : 'find');
      if (value.action === 'add') tagIds.add(id);
      else tagIds.delete(id);
    });
  }
  draft.body['tags'] = [...tagIds].filter((id) => id !== '').map((id) => ({ id }));
}

function nameOf(path: string): string {
  return path.slice(path.indexOf('.') + 1);
}

function valueOf({ desired }: Asset, path: string): unknown {
  return path === 'fields.name' ? desiredName(desired) : desired.fields[nameOf(path)]?.value;
}

function orderOf({ desired }: Asset, path: string): EventOrder {
  const wish = path.startsWith('tags.') ? desired.tagChanges[nameOf(path)] : desired.fields[nameOf(path)];
  if (wish === undefined) throw new Error(`Nothing asks for ${path}.`);
  return wish.order;
}
