import type { OAuthClientSeed } from './emulated-oauth.ts';
import { seedUsers, type UserSeed } from './seed-users.ts';
import type { EmulatedDivision, ShowpadState } from './showpad-state.ts';

/** What the organisation holds at the beginning. */
export interface Seed {
  /** By default Marketing, which shares its assets, and Sales, which does not. */
  readonly divisions?: readonly {
    readonly name: string;
    readonly id?: string;
    readonly isAssetSharingEnabled?: boolean;
  }[];
  /** By default jo, sam and kim@example.com, and pat@example.com, who is inactive. */
  readonly users?: readonly UserSeed[];
  /** What may ask for tokens in the name of users with a password. By default none. */
  readonly oauthClients?: readonly OAuthClientSeed[];
  /** By default none. `division` is the name of a Division of this seed. */
  readonly tags?: readonly {
    readonly name: string;
    readonly division: string;
    readonly id?: string;
    readonly usedInFilter?: boolean;
    /** Only in Divisions that share their assets. */
    readonly isDivisionShared?: boolean;
  }[];
  /** By default none. `division` is the name of a Division of this seed, `tags` the names of tags of it. */
  readonly tagCategories?: readonly {
    readonly name: string;
    readonly division: string;
    readonly id?: string;
    readonly tags?: readonly string[];
  }[];
}

export function seed(state: ShowpadState, seeds: Seed): void {
  const createdAt = state.timestamp();
  const times = { createdAt, updatedAt: createdAt };
  const divisions = seeds.divisions ?? [
    { name: 'Marketing', isAssetSharingEnabled: true },
    { name: 'Sales' },
  ];
  for (const { name, id = state.newId(), isAssetSharingEnabled = false } of divisions) {
    state.divisions.set(id, { id, name, isAssetSharingEnabled, ...times });
  }
  seedUsers(state, seeds.users);
  for (const { clientId, clientSecret } of seeds.oauthClients ?? []) {
    state.oauth.clients.set(clientId, clientSecret);
  }
  for (const given of seeds.tags ?? []) {
    const { name, id = state.newId(), usedInFilter = false, isDivisionShared = false } = given;
    const division = divisionNamed(state, given);
    if (isDivisionShared && !division.isAssetSharingEnabled) {
      throw new Error(`The tag ${name} is shared, but its Division ${division.name} does not share.`);
    }
    const tag = { id, name, division: { id: division.id }, tagCategories: [], isDivisionShared };
    state.tags.set(id, { ...tag, ...times, usedInFilter });
    state.tagIndex.record(id, 0);
  }
  for (const given of seeds.tagCategories ?? []) {
    const { name, id = state.newId() } = given;
    const division = { id: divisionNamed(state, given).id };
    state.tagCategories.set(id, { id, name, division, isPublished: true, parent: null, ...times });
    for (const tag of state.tags.values()) {
      if (tag.division.id !== division.id || given.tags?.includes(tag.name) !== true) continue;
      tag.tagCategories = [...tag.tagCategories, { id }];
      state.tagIndex.record(tag.id, 0);
    }
  }
}

function divisionNamed(
  state: ShowpadState,
  { name, division: divisionName }: { readonly name: string; readonly division: string },
): EmulatedDivision {
  for (const division of state.divisions.values()) {
    if (division.name === divisionName) return division;
  }
  throw new Error(`The seed ${name} names the Division ${divisionName}, which the seed does not have.`);
}
