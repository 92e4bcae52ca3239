import { randomBytes } from 'node:crypto';
import { renderAsset, type EmulatedAsset, type EmulatedFile } from './asset-resource.ts';
import type { ChangeSignal } from './change-signal.ts';
import type { Scheduler } from './scheduler.ts';
import type { Switches } from './switches.ts';

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
  readonly tagCategories: readonly { readonly id: string }[];
  readonly isDivisionShared: boolean;
  readonly createdAt: string;
  updatedAt: string;
  /** A tag that a filter uses cannot be deleted. */
  readonly usedInFilter: boolean;
}

export interface EmulatedUser {
  readonly id: string;
  readonly email: string;
  readonly firstName: string;
  readonly lastName: string;
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** Everything one emulated Showpad organisation holds. */
export class ShowpadState {
  readonly divisions = new Map<string, EmulatedDivision>();
  readonly tags = new Map<string, EmulatedTag>();
  readonly users = new Map<string, EmulatedUser>();
  readonly assets = new Map<string, EmulatedAsset>();
  /** Assets that were deleted, oldest deletion first. */
  readonly deletedAssets: EmulatedAsset[] = [];
  readonly switches: Switches;
  readonly scheduler: Scheduler;
  readonly changes: ChangeSignal;
  /** Signs the upload links. */
  readonly linkSecret = randomBytes(32).toString('hex');
  /** The base URL of the listener that takes uploads. */
  uploadOrigin = '';

  constructor(switches: Switches, scheduler: Scheduler, changes: ChangeSignal) {
    this.switches = switches;
    this.scheduler = scheduler;
    this.changes = changes;
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

  findFile(fileId: string): { asset: EmulatedAsset; file: EmulatedFile } | undefined {
    for (const asset of this.assets.values()) {
      const file = asset.files.find(({ id }) => id === fileId);
      if (file !== undefined) return { asset, file };
    }
    return undefined;
  }

  render(asset: EmulatedAsset): object {
    return renderAsset(asset, (id) => this.assets.get(id));
  }
}
