import type { PersonalAsset } from '../user-resource.ts';

/** The processing of one upload into somebody's My Files. */
export interface EmulatedTicket {
  readonly id: string;
  status: string;
  /** What becomes of the upload; in My Files only when `isAssetKept`. */
  readonly asset: PersonalAsset;
  isAssetKept: boolean;
  /** The My Files that the asset goes to. */
  readonly divisionId: string;
  /** Who sent it. */
  readonly userId: string;
  readonly fileType: string;
  readonly queuedAtMs: number;
  startedAtMs: number | null;
  endedAtMs: number | null;
  /** How often the ticket was read since its asset is there. */
  readsWithAsset: number;
  /** Whether its processing will succeed. */
  readonly isProcessable: boolean;
}
