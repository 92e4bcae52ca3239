import type { ShowpadState } from './showpad-state.ts';

/** What the organisation holds at the beginning. */
export interface Seed {
  /** By default Marketing, which shares its assets, and Sales, which does not. */
  readonly divisions?: readonly {
    readonly name: string;
    readonly id?: string;
    readonly isAssetSharingEnabled?: boolean;
  }[];
  /** By default jo@example.com. */
  readonly users?: readonly {
    readonly email: string;
    readonly id?: string;
    readonly firstName?: string;
    readonly lastName?: string;
  }[];
  /** By default none. `division` is the name of a Division of this seed. */
  readonly tags?: readonly {
    readonly name: string;
    readonly division: string;
    readonly id?: string;
    readonly usedInFilter?: boolean;
  }[];
}

export function seed(state: ShowpadState, given: Seed): void {
  const createdAt = state.timestamp();
  const times = { createdAt, updatedAt: createdAt };
  const divisions = given.divisions ?? [
    { name: 'Marketing', isAssetSharingEnabled: true },
    { name: 'Sales' },
  ];
  for (const { name, id = state.newId(), isAssetSharingEnabled = false } of divisions) {
    state.divisions.set(id, { id, name, isAssetSharingEnabled, ...times });
  }
  const users = given.users ?? [{ email: 'jo@example.com', firstName: 'Jo', lastName: 'Doe' }];
  for (const { email, id = state.newId(), firstName = '', lastName = '' } of users) {
    state.users.set(id, { id, email, firstName, lastName, ...times });
  }
  for (const { name, division: divisionName, id = state.newId(), usedInFilter = false } of given.tags ?? []) {
    const division = [...state.divisions.values()].find((candidate) => candidate.name === divisionName);
    if (division === undefined) {
      throw new Error(`The tag ${name} names the Division ${divisionName}, which the seed does not have.`);
    }
    const tag = { id, name, division: { id: division.id }, tagCategories: [], isDivisionShared: false };
    state.tags.set(id, { ...tag, ...times, usedInFilter });
  }
}
