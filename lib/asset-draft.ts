import type { AppliedState, Asset } from './asset-state.ts';
import { desiredName, impliedNameOrder } from './desired-state.ts';
import type { EventOrder } from './event-order.ts';
import { JobFailure, type ReasonCode } from './reasons.ts';
import type { AssetUpdate } from './showpad/asset-fields.ts';
import { withoutSecrets } from './without-secrets.ts';

/** The part of the applied state that metadata, tags and lifecycle make up. */
export type AppliedMetadata = Pick<AppliedState, 'fields' | 'refused' | 'tagChanges' | 'lifecycle'>;

/** The body of a create or an update while it is put together, and which wish stands behind which part of it. */
export class AssetDraft {
  readonly asset: Asset;
  readonly #body: Record<string, unknown> = {};
  readonly #written = new Set<string>();
  readonly #refused = new Map<string, { code: ReasonCode; message: string }>();

  constructor(asset: Asset) {
    this.asset = asset;
  }

  /** Only what differs: a field that no event named is not in it. */
  get body(): AssetUpdate {
    return this.#body;
  }

  /** The paths of the wishes that the body fulfils. */
  get written(): string[] {
    return [...this.#written];
  }

  get refused(): string[] {
    return [...this.#refused.keys()];
  }

  put(part: Readonly<Record<string, unknown>>): void {
    Object.assign(this.#body, part);
  }

  /** Notes a wish as written, or as refused when the task fails with a reason. */
  async fulfil(path: string, task: () => Promise<void> = () => Promise.resolve()): Promise<void> {
    try {
      await task();
      this.#written.add(path);
    } catch (error) {
      if (!(error instanceof JobFailure)) throw error;
      this.#refused.set(path, { code: error.code, message: error.message });
    }
  }

  /** Takes a part out of the body and refuses the wishes behind it; false when nothing of the kind is in it. */
  refuse(key: string, code: ReasonCode, message: string): boolean {
    const behind = this.written.filter((path) => bodyKey(path) === key && path !== 'lifecycle');
    if (!(key in this.#body) || behind.length === 0) return false;
    delete this.#body[key];
    for (const path of behind) {
      this.#written.delete(path);
      this.#refused.set(path, { code, message: withoutSecrets(message) });
    }
    return true;
  }

  /**
   * Keeps the first parts of the body, so many; the wishes behind the others stay pending.
   * @returns false when there was nothing to leave out
   */
  keepOnly(count: number): boolean {
    const left = Object.keys(this.#body).slice(count);
    for (const key of left) {
      delete this.#body[key];
      for (const path of this.written) if (bodyKey(path) === key) this.#written.delete(path);
    }
    return left.length > 0;
  }

  /** What will be true once Showpad has taken the body. */
  applied(): AppliedMetadata {
    const { asset } = this;
    const { applied, desired } = asset;
    const lifecycle = this.#written.has('lifecycle') ? desired.lifecycle?.value : applied.lifecycle;
    const fields = this.written.filter((path) => path.startsWith('fields.'));
    const tags = this.written.filter((path) => path.startsWith('tags.'));
    const refused = [...this.#refused].map(([path, reason]) => [
      path,
      { order: wishOrder(asset, path), ...reason },
    ]);
    return {
      fields: {
        ...applied.fields,
        ...Object.fromEntries(fields.map((path) => [wishName(path), wishValue(asset, path)])),
      },
      tagChanges: {
        ...(this.#written.has('fields.tags') ? {} : applied.tagChanges),
        ...(Object.fromEntries(
          tags.map((path) => [wishName(path), wishOrder(asset, path)]),
        ) as AppliedState['tagChanges']),
      },
      refused: { ...applied.refused, ...Object.fromEntries(refused) } as AppliedState['refused'],
      ...(lifecycle !== undefined && { lifecycle }),
    };
  }
}

/** `fields.name` → `name`. */
export function wishName(path: string): string {
  return path.slice(path.indexOf('.') + 1);
}

export function wishValue({ desired }: Asset, path: string): unknown {
  return path === 'fields.name' ? desiredName(desired) : desired.fields[wishName(path)]?.value;
}

function wishOrder({ desired }: Asset, path: string): EventOrder | undefined {
  const wish = (path.startsWith('tags.') ? desired.tagChanges : desired.fields)[wishName(path)];
  // A name that no event gave is that of the oldest content.
  return wish?.order ?? (path === 'fields.name' ? impliedNameOrder(desired) : undefined);
}

function bodyKey(path: string): string {
  if (path === 'lifecycle') return 'isArchived';
  if (path.startsWith('tags.')) return 'tags';
  return wishName(path).split('.')[0] ?? '';
}
