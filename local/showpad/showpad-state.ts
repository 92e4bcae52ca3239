import { randomBytes } from 'node:crypto';
import { renderAsset, type EmulatedAsset, type EmulatedFile } from './asset-resource.ts';
import type { ChangeSignal } from './change-signal.ts';
import { EmulatedOAuth } from './emulated-oauth.ts';
import { LaggingIndex } from './lagging-index.ts';
import type { Scheduler } from './scheduler.ts';
import type { Switches } from './switches.ts';
import type { EmulatedUser } from './user-resource.ts';
import type { EmulatedTicket } from './v3/emulated-ticket.ts';
import type { Walk } from './walk.ts';

export interface EmulatedDivision {
  readonly id: string;
  readonly name: string;
  readonly isAssetSharingEnabled: boolean;
  readonly createdAt: string;
  readonly updatedAt: string;
}

export interface EmulatedTag {
  readonly id: string;
  readonly division: { readonly id: string };
  name: string;
  tagCategories: readonly { readonly id: string }[];
  readonly isDivisionShared: boolean;
  readonly createdAt: string;
  updatedAt: string;
  /** A tag that a filter uses cannot be deleted. */
  readonly usedInFilter: boolean;
}

export interface EmulatedTagCategory {
  readonly id: string;
  name: string;
  readonly division: { readonly id: string };
  isPublished: boolean;
  parent: { readonly id: string } | null;
  readonly createdAt: string;
  updatedAt: string;
}

/** Calls that were counted in a window. */
export interface CallUsage {
  readonly windowStartMs: number | null;
  readonly used: number;
}

/** What the organisation holds, kind by kind. */
export type Kind =
  'division' | 'tag' | 'tagCategory' | 'user' | 'asset' | 'deletedAsset' | 'ticket' | 'walk' | 'usage';

/** Everything one emulated Showpad organisation holds. */
export class ShowpadState {
  readonly divisions = new Map<string, EmulatedDivision>();
  readonly tags = new Map<string, EmulatedTag>();
  readonly tagCategories = new Map<string, EmulatedTagCategory>();
  readonly users = new Map<string, EmulatedUser>();
  readonly assets = new Map<string, EmulatedAsset>();
  /** Of API v3, oldest first. */
  readonly tickets = new Map<string, EmulatedTicket>();
  /** What is processed at the moment, by the id of the file or the ticket. */
  readonly walks = new Map<string, Walk>();
  /** `v3`: the budget of API v3. */
  readonly usage = new Map<string, CallUsage>();
  /** Assets that were deleted, oldest deletion first. */
  readonly deletedAssets: EmulatedAsset[] = [];
  /** What POST /assets/query searches. */
  readonly assetIndex: LaggingIndex<EmulatedAsset>;
  /** What GET /tags searches. */
  readonly tagIndex: LaggingIndex<EmulatedTag>;
  readonly oauth: EmulatedOAuth;
  readonly switches: Switches;
  readonly scheduler: Scheduler;
  readonly changes: ChangeSignal;
  /** Signs the upload links. */
  linkSecret = randomBytes(32).toString('hex');
  /** The base URL of the listener that takes uploads. */
  uploadOrigin = '';
  /** Whose access token the request that is being answered has brought; undefined for the personal token. */
  actingUserId: string | undefined;
  /** Hears of everything that was made, changed or taken away, where somebody keeps it. */
  touch: (kind: Kind, id: string) => void = () => undefined;

  constructor(switches: Switches, scheduler: Scheduler, changes: ChangeSignal) {
    this.switches = switches;
    this.scheduler = scheduler;
    this.changes = changes;
    const now = () => this.now();
    this.oauth = new EmulatedOAuth(switches, now);
    this.assetIndex = new LaggingIndex(this.assets, { now, lagMs: () => switches.indexLagMs });
    this.tagIndex = new LaggingIndex(this.tags, { now, lagMs: () => switches.tagIndexLagMs });
  }

  now(): number {
    return this.scheduler.now();
  }

  timestamp(): string {
    return new Date(this.now()).toISOString();
  }

  newId(): string {
    return randomBytes(16).toString('hex');
  }

  /** Keeps a new asset, or what was changed of one. */
  saveAsset(asset: EmulatedAsset): void {
    this.assets.set(asset.id, asset);
    this.assetIndex.record(asset.id);
    this.touch('asset', asset.id);
  }

  deleteAsset(asset: EmulatedAsset): void {
    this.assets.delete(asset.id);
    this.assetIndex.record(asset.id);
    this.deletedAssets.push(asset);
    this.touch('asset', asset.id);
    this.touch('deletedAsset', asset.id);
  }

  /** Keeps a new tag, or what was changed of one. */
  saveTag(tag: EmulatedTag): void {
    this.tags.set(tag.id, tag);
    this.tagIndex.record(tag.id);
    this.touch('tag', tag.id);
  }

  /** Deletes a tag and takes it off its assets. */
  deleteTag(tag: EmulatedTag): void {
    this.tags.delete(tag.id);
    this.tagIndex.record(tag.id);
    this.touch('tag', tag.id);
    for (const asset of this.assets.values()) {
      if (!asset.tags.some(({ id }) => id === tag.id)) continue;
      asset.tags = asset.tags.filter(({ id }) => id !== tag.id);
      this.saveAsset(asset);
    }
  }

  findFile(fileId: string): { asset: EmulatedAsset; file: EmulatedFile } | undefined {
    for (const asset of this.assets.values()) {
      const file = asset.files.find(({ id }) => id === fileId);
      if (file !== undefined) return { asset, file };
    }
    return undefined;
  }

  /** The user that the token acts as. */
  tokenOwner(): EmulatedUser {
    const actingUser = this.users.get(this.actingUserId ?? '');
    if (actingUser !== undefined) return actingUser;
    for (const user of this.users.values()) if (user.isTokenOwner) return user;
    throw new Error('No user is the owner of the token.');
  }

  render(asset: EmulatedAsset): object {
    return renderAsset(asset, (id) => this.assets.get(id));
  }
}
