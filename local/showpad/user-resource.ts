import type { ReceivedBinary } from './asset-resource.ts';

/** An asset in somebody's My Files, and what the emulator knows besides. */
export interface PersonalAsset extends Pick<ReceivedBinary, 'md5' | 'sha256' | 'size' | 'contentType'> {
  readonly id: string;
  /** With its extension. */
  readonly name: string;
  /** The name of the file that was sent. */
  readonly originalName: string;
  /** The path of ids of the folder; `/` is the root. */
  readonly folder: string;
  readonly description: string | null;
  readonly slug: string;
  readonly isPersonal: boolean;
  readonly uploadedAt: string;
  readonly createdAt: string;
}

/** A person's own space, a Division of its own that API v4 never lists. */
export interface MyFiles {
  readonly divisionId: string;
  readonly assets: PersonalAsset[];
  /** The most bytes of one file. */
  readonly fileSizeLimit: number;
  /** The most bytes of all files together. */
  readonly totalSizeLimit: number;
  readonly isTotalUnlimited: boolean;
}

export interface EmulatedUser {
  readonly id: string;
  readonly email: string;
  readonly firstName: string;
  readonly lastName: string;
  readonly createdAt: string;
  readonly updatedAt: string;
  /** Unique in the organisation, unlike the e-mail address. */
  readonly userName: string;
  isActive: boolean;
  readonly isTokenOwner: boolean;
  readonly myFiles: MyFiles;
}

/** The user as API v4 shows it. */
export function renderUser(user: EmulatedUser): object {
  const { id, email, firstName, lastName, createdAt, updatedAt } = user;
  return { id, email, firstName, lastName, createdAt, updatedAt };
}
