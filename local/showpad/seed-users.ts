import { createHash, randomUUID } from 'node:crypto';
import type { ShowpadState } from './showpad-state.ts';
import type { EmulatedUser, PersonalAsset } from './user-resource.ts';

const gibibyte = 1024 ** 3;

export interface UserSeed {
  /** Several users may have the same address, but not the same userName. */
  readonly email: string;
  readonly id?: string;
  readonly firstName?: string;
  readonly lastName?: string;
  /** The e-mail address by default. */
  readonly userName?: string;
  /** True by default. */
  readonly isActive?: boolean;
  /** The user that the personal token acts as: at most one. Without one there is connector@example.com besides. */
  readonly isTokenOwner?: boolean;
  /** For logging in by OAuth; without one the user cannot. */
  readonly password?: string;
  readonly myFiles?: {
    readonly divisionId?: string;
    /** Bytes; 5 GiB by default. */
    readonly fileSizeLimit?: number;
    /** Bytes; 50 GiB by default. */
    readonly totalSizeLimit?: number;
    readonly isTotalUnlimited?: boolean;
    /** What is there at the beginning, in the root folder. */
    readonly assets?: readonly { readonly name: string; readonly content: string }[];
  };
}

const defaultUsers: readonly UserSeed[] = [
  { email: 'jo@example.com', firstName: 'Jo', lastName: 'Doe' },
  { email: 'sam@example.com', firstName: 'Sam', lastName: 'Roe' },
  { email: 'kim@example.com', firstName: 'Kim', lastName: 'Poe' },
  { email: 'pat@example.com', firstName: 'Pat', lastName: 'Moe', isActive: false },
];
const serviceAccount: UserSeed = {
  email: 'connector@example.com',
  firstName: 'Showpad',
  lastName: 'Connector',
  isTokenOwner: true,
};

/** Makes the users, each with My Files of their own. Throws where two are the token's owner or share a userName. */
export function seedUsers(state: ShowpadState, seeds: readonly UserSeed[] = defaultUsers): void {
  const owners = seeds.filter(({ isTokenOwner }) => isTokenOwner === true);
  if (owners.length > 1) throw new Error('The seed has more than one user that is the owner of the token.');
  for (const seed of owners.length === 0 ? [...seeds, serviceAccount] : seeds) {
    const user = createUser(state, seed);
    for (const { userName } of state.users.values()) {
      if (userName === user.userName)
        throw new Error(`The seed has two users with the userName ${userName}.`);
    }
    state.users.set(user.id, user);
    if (seed.password !== undefined) state.oauth.passwords.set(user.id, seed.password);
  }
}

function createUser(state: ShowpadState, seed: UserSeed): EmulatedUser {
  const { email, firstName = '', lastName = '', isActive = true, isTokenOwner = false, myFiles = {} } = seed;
  const createdAt = state.timestamp();
  return {
    id: seed.id ?? state.newId(),
    email,
    firstName,
    lastName,
    userName: seed.userName ?? email,
    isActive,
    isTokenOwner,
    createdAt,
    updatedAt: createdAt,
    myFiles: {
      divisionId: myFiles.divisionId ?? state.newId(),
      fileSizeLimit: myFiles.fileSizeLimit ?? 5 * gibibyte,
      totalSizeLimit: myFiles.totalSizeLimit ?? 50 * gibibyte,
      isTotalUnlimited: myFiles.isTotalUnlimited ?? false,
      assets: (myFiles.assets ?? []).map((asset) => createPersonalAsset(state, asset)),
    },
  };
}

function createPersonalAsset(
  state: ShowpadState,
  { name, content }: { readonly name: string; readonly content: string },
): PersonalAsset {
  const digest = (algorithm: string) => createHash(algorithm).update(content).digest('hex');
  const now = state.timestamp();
  return {
    id: state.newId(),
    slug: randomUUID(),
    name,
    originalName: name,
    md5: digest('md5'),
    sha256: digest('sha256'),
    size: Buffer.byteLength(content),
    contentType: 'application/octet-stream',
    folder: '/',
    description: null,
    isPersonal: true,
    createdAt: now,
    uploadedAt: now,
  };
}
