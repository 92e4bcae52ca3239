export interface Reference {
  readonly id: string;
}

/** A range of pages, both ends included. */
export interface PageRange {
  readonly start: number;
  readonly end: number;
}

export type Downloadable = 'original' | 'pdf';

interface LocaleFields {
  readonly languages: readonly { readonly code: string }[];
  readonly countries: readonly { readonly code: string }[];
  readonly authors: readonly Reference[];
}

/**
 * The fields of an asset that both create and update take. Times are ISO 8601 in UTC. Lists replace what is
 * there; an absent field is left alone.
 */
interface AssetFields extends Partial<LocaleFields> {
  /** 1 to 128 characters. */
  readonly externalId?: string | null;
  readonly description?: string | null;
  readonly permissions?: {
    readonly isAnnotatable?: boolean;
    readonly isEditable?: boolean;
    readonly isShareable?: boolean;
  };
  readonly isProcessedUsed?: boolean;
  readonly isDivisionShared?: boolean;
  readonly isSensitive?: boolean;
  readonly isArchived?: boolean | null;
  readonly isRenderExternalAllowed?: boolean;
  readonly isOnlyEntireDocumentShareable?: boolean;
  readonly isSpeakerNotesEnabled?: boolean;
  readonly lockedPages?: readonly PageRange[];
  readonly enforcedPages?: {
    readonly prepend?: readonly PageRange[] | null;
    readonly append?: readonly PageRange[] | null;
  } | null;
  readonly expiresAt?: string | null;
  readonly releasedAt?: string | null;
  readonly draftedAt?: string | null;
  readonly url?: string | null;
  readonly tags?: readonly Reference[];
  readonly downloadableInternal?: readonly Downloadable[];
  readonly downloadableExternal?: readonly Downloadable[];
  readonly origin?: { readonly type: 'local'; readonly id: 'showpad' } | { readonly type: 'oauth2client' };
}

/** The body of `POST /assets`. The Division is fixed for life. */
export interface AssetCreate extends AssetFields {
  readonly name: string;
  readonly division: Reference;
}

/** The body of `POST /assets/{assetId}`; only the fields that are present change. */
export interface AssetUpdate extends AssetFields {
  readonly name?: string;
  readonly localization?: {
    readonly primary: { readonly asset: Reference };
    /** At most 50; each a link to an asset or a placeholder for one. */
    readonly variants: readonly {
      readonly asset:
        (Reference & Partial<LocaleFields>) | (Omit<LocaleFields, 'authors'> & Partial<LocaleFields>);
    }[];
  } | null;
}
