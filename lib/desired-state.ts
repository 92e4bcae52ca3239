import type { EventOrder } from './event-order.ts';
import type { ConnectorEvent, RequestedFile, SourceFile } from './events.ts';
import type { DivisionWish, Metadata, TagWish } from './metadata.ts';

export type Lifecycle = 'live' | 'archived' | 'deleted';
export type Content =
  | { readonly file: SourceFile }
  /** Its link is asked for each time that it is fetched. */
  | { readonly requested: RequestedFile }
  | { readonly url: string };
export interface TagChange {
  readonly action: 'add' | 'remove';
  readonly tag: TagWish;
}

/** A tag as such, apart from the assets that carry it. */
export interface TagState {
  readonly name: string;
  readonly division?: DivisionWish;
  readonly isWanted: boolean;
}

/** A value with the order of the event that set it. */
export interface Ordered<T> {
  readonly order: EventOrder;
  readonly value: T;
}

/** What the newest events of a subject ask for; every field remembers the event that set it. */
export interface DesiredState {
  /** Grows by one with each event that changed anything. */
  readonly generation: number;
  readonly content?: Ordered<Content>;
  readonly lifecycle?: Ordered<Lifecycle>;
  readonly tag?: Ordered<TagState>;
  /** Metadata by name; the parts of `permissions` stand as `permissions.isShareable` and so on. */
  readonly fields: Readonly<Record<string, Ordered<unknown>>>;
  readonly tagChanges: Readonly<Record<string, Ordered<TagChange>>>;
  /** The order of the newest permanent delete: nothing older than it counts. */
  readonly erasedBefore?: EventOrder;
  /** The name of the oldest content: the asset's name where no event gives one, whatever order they come in. */
  readonly firstFileName?: Ordered<string>;
}

/** One thing an event asks for; `path` says where it stands in the desired state. */
export type Wish =
  | { readonly path: 'content'; readonly value: Content }
  | { readonly path: 'lifecycle'; readonly value: Lifecycle }
  | { readonly path: 'tag'; readonly value: TagState }
  | { readonly path: `fields.${string}`; readonly value: unknown }
  | { readonly path: `tags.${string}`; readonly value: TagChange };

export const emptyDesiredState: DesiredState = { generation: 0, fields: {}, tagChanges: {} };

/** Everything an event asks for. An absent field is no wish; `null` is the wish to clear it. */
export function wishesOf(event: ConnectorEvent, onDelete: 'archive' | 'delete'): Wish[] {
  switch (event.type) {
    case 'asset.upsert': {
      const { file, requested, url, metadata } = event.data;
      const contents: Content[] = [
        ...(file === undefined ? [] : [{ file }]),
        ...(requested === undefined ? [] : [{ requested }]),
        ...(url === undefined ? [] : [{ url }]),
      ];
      const content = contents.map((value): Wish => ({ path: 'content', value }));
      return [...content, { path: 'lifecycle', value: 'live' }, ...metadataWishes(metadata)];
    }
    case 'asset.metadata':
      return [
        ...metadataWishes(event.data.metadata),
        ...tagWishes('add', event.data.tags?.add),
        ...tagWishes('remove', event.data.tags?.remove),
      ];
    case 'asset.archive':
      return [{ path: 'lifecycle', value: 'archived' }];
    case 'asset.restore':
      return [{ path: 'lifecycle', value: 'live' }];
    case 'asset.delete':
      return [{ path: 'lifecycle', value: onDelete === 'delete' ? 'deleted' : 'archived' }];
    case 'tag.upsert':
    case 'tag.delete': {
      const { name, division } = event.data;
      const isWanted = event.type === 'tag.upsert';
      return [{ path: 'tag', value: { name, isWanted, ...(division !== undefined && { division }) } }];
    }
    // A push into My Files is a deed of its own, not a wish about an asset.
    case 'myfiles.upload':
    case 'ignored':
      return [];
  }
}

/** The wishes that metadata makes, field by field. */
export function metadataWishes(metadata: Metadata | undefined): Wish[] {
  return Object.entries(metadata ?? {}).flatMap(([name, value]): Wish[] => {
    if (value === undefined) return [];
    if (name !== 'permissions') return [{ path: `fields.${name}`, value }];
    return Object.entries(metadata?.permissions ?? {}).flatMap(([right, allowed]): Wish[] =>
      allowed === undefined ? [] : [{ path: `fields.permissions.${right}`, value: allowed }],
    );
  });
}

function tagWishes(action: TagChange['action'], tags: readonly TagWish[] = []): Wish[] {
  return tags.map((tag) => ({ path: `tags.${tagKey(tag)}`, value: { action, tag } }));
}

function tagKey(tag: TagWish): string {
  if (typeof tag === 'string') return `name:${tag}`;
  return 'id' in tag ? `id:${tag.id}` : `name:${tag.name}`;
}

/**
 * Lays an event's wishes into the desired state, field by field: a wish counts where nothing newer stands.
 * Any order of arrival, with any repetition, ends in the same state (but for `generation`).
 * @returns the same object when the event changed nothing
 */
export function mergeWishes(desired: DesiredState, order: EventOrder, wishes: readonly Wish[]): DesiredState {
  let merged = desired;
  for (const wish of wishes) merged = mergeWish(merged, order, wish);
  return merged === desired ? desired : { ...merged, generation: desired.generation + 1 };
}

function mergeWish(desired: DesiredState, order: EventOrder, wish: Wish): DesiredState {
  // A tag is no part of the asset that was deleted.
  const erased = wish.path !== 'tag' && desired.erasedBefore !== undefined && order <= desired.erasedBefore;
  if (erased) return desired;
  switch (wish.path) {
    case 'content': {
      const named = rememberFileName(desired, order, contentName(wish.value));
      return isNewer(order, named.content) ? { ...named, content: { order, value: wish.value } } : named;
    }
    case 'tag':
      return isNewer(order, desired.tag) ? { ...desired, tag: { order, value: wish.value } } : desired;
    case 'lifecycle': {
      const forgetting = wish.value === 'deleted' ? eraseBefore(desired, order) : desired;
      return isNewer(order, forgetting.lifecycle)
        ? { ...forgetting, lifecycle: { order, value: wish.value } }
        : forgetting;
    }
    default: {
      const { path } = wish;
      const [kind, name] = splitPath(path);
      const values = desired[kind];
      const replaced = desired.fields['tags'];
      const isReplaced = kind === 'tagChanges' && replaced !== undefined && replaced.order > order;
      if (isReplaced || !isNewer(order, values[name])) return desired;
      const merged = { ...desired, [kind]: { ...values, [name]: { order, value: wish.value } } };
      return path === 'fields.tags'
        ? { ...merged, tagChanges: newerThan(order, desired.tagChanges) }
        : merged;
    }
  }
}

function isNewer(order: EventOrder, present: Ordered<unknown> | undefined): boolean {
  return present === undefined || order > present.order;
}

function splitPath(path: string): ['fields' | 'tagChanges', string] {
  const dot = path.indexOf('.');
  return [path.slice(0, dot) === 'fields' ? 'fields' : 'tagChanges', path.slice(dot + 1)];
}

function contentName(content: Content): string {
  if ('url' in content) return new URL(content.url).host;
  return 'file' in content ? content.file.name : content.requested.name;
}

function rememberFileName(desired: DesiredState, order: EventOrder, name: string): DesiredState {
  const present = desired.firstFileName;
  // A delete that comes late would have to know every name there was: after one, the content's own name counts.
  if (desired.erasedBefore !== undefined) return desired;
  if (present !== undefined && present.order <= order) return desired;
  return { ...desired, firstFileName: { order, value: name } };
}

function eraseBefore(desired: DesiredState, order: EventOrder): DesiredState {
  const { content, lifecycle, tag, fields, tagChanges, generation } = desired;
  const survives = (present: Ordered<unknown> | undefined) => present !== undefined && present.order > order;
  return {
    generation,
    erasedBefore: order,
    ...(tag !== undefined && { tag }),
    ...(content !== undefined && survives(content) && { content }),
    ...(lifecycle !== undefined && survives(lifecycle) && { lifecycle }),
    fields: newerThan(order, fields),
    tagChanges: newerThan(order, tagChanges),
  };
}

function newerThan<T>(
  order: EventOrder,
  values: Readonly<Record<string, Ordered<T>>>,
): Record<string, Ordered<T>> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value.order > order));
}

/**
 * How what the event with this order asked for at this path stands: it is the newest wish, newer events have
 * overtaken it, or it has never been laid into the state (its ingest has not come that far).
 */
export function standing(
  desired: DesiredState,
  path: string,
  order: EventOrder,
): 'current' | 'overtaken' | 'absent' {
  const present = at(desired, path);
  if (present?.order === order) return 'current';
  const isErased = path !== 'tag' && desired.erasedBefore !== undefined && desired.erasedBefore > order;
  const tags = desired.fields['tags'];
  const isReplaced = path.startsWith('tags.') && tags !== undefined && tags.order > order;
  return isErased || isReplaced || (present !== undefined && present.order > order) ? 'overtaken' : 'absent';
}

function at(desired: DesiredState, path: string): Ordered<unknown> | undefined {
  if (path === 'content' || path === 'lifecycle' || path === 'tag') return desired[path];
  const [kind, name] = splitPath(path);
  return desired[kind][name];
}

/**
 * The name the asset should have, or undefined while no event has given one or brought content. Showpad wants
 * the names of URL assets to end in `.url` (POST /assets).
 */
export function desiredName(desired: DesiredState): string | undefined {
  const named = desired.fields['name']?.value;
  const { content } = desired;
  const ofContent = content === undefined ? undefined : contentName(content.value);
  const name = typeof named === 'string' ? named : (desired.firstFileName?.value ?? ofContent);
  const isUrl = content !== undefined && 'url' in content.value;
  return isUrl && name !== undefined && !/\.url$/i.test(name) ? `${name}.url` : name;
}

/** The order of the event whose content gives the name where no event names the asset. */
export function impliedNameOrder({ firstFileName, content }: DesiredState): EventOrder | undefined {
  return firstFileName?.order ?? content?.order;
}

/** The order of the oldest wish that still counts, or of `known` where that is older. */
export function oldestOrder(desired: DesiredState, known?: EventOrder): EventOrder | undefined {
  const { content, lifecycle, fields, tagChanges } = desired;
  const wishes = [content, lifecycle, ...Object.values(fields), ...Object.values(tagChanges)];
  const orders = wishes.flatMap((wish) => (wish === undefined ? [] : [wish.order]));
  return (known === undefined ? orders : [known, ...orders]).toSorted()[0];
}
