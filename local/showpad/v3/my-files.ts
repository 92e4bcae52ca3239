import type { ShowpadState } from '../showpad-state.ts';
import type { EmulatedUser, PersonalAsset } from '../user-resource.ts';
import type { ReceivedFile } from './receive-form.ts';
import { V3Problem } from './v3-problem.ts';

/** Whose My Files a Division id names; `mine` stands for those of the token's owner. Refuses with 404. */
export function ownerOfDivision(state: ShowpadState, divisionId: string): EmulatedUser {
  if (divisionId === 'mine') return state.tokenOwner();
  for (const user of state.users.values()) {
    if (user.myFiles.divisionId === divisionId) return user;
  }
  throw new V3Problem(
    404,
    state.divisions.has(divisionId)
      ? { message: 'The emulator has the assets of a library Division under API v4 only.' }
      : {},
  );
}

/** Refuses with 403 where an administrator may not look into somebody else's My Files. */
export function assertReadable(state: ShowpadState, owner: EmulatedUser): void {
  if (owner.isTokenOwner || state.switches.othersMyFiles === 'readable') return;
  throw new V3Problem(403, { message: "Only POST is allowed in other people's My Files." });
}

export function usedBytes({ myFiles }: EmulatedUser): number {
  return myFiles.assets.reduce((sum, { size }) => sum + size, 0);
}

/** Refuses with 400 a file that goes beyond a limit of its owner. */
export function assertFits(owner: EmulatedUser, { size }: ReceivedFile): void {
  const { fileSizeLimit, totalSizeLimit, isTotalUnlimited } = owner.myFiles;
  if (size > fileSizeLimit) {
    throw V3Problem.invalid(4004, `The file is larger than ${String(fileSizeLimit)} bytes.`);
  }
  if (!isTotalUnlimited && usedBytes(owner) + size > totalSizeLimit) {
    throw V3Problem.invalid(4004, 'The personal storage has not enough room for the file.');
  }
}

/** Refuses with 409 what the switch `myFilesConflict` takes for existing already. */
export function assertNew(state: ShowpadState, owner: EmulatedUser, asset: PersonalAsset): void {
  const { myFilesConflict, unfinishedUploadsConflict } = state.switches;
  if (myFilesConflict === 'off') return;
  const { divisionId, assets } = owner.myFiles;
  const unfinished = [...state.tickets.values()].filter(
    (ticket) => ticket.divisionId === divisionId && ticket.endedAtMs === null,
  );
  const existing = unfinishedUploadsConflict
    ? [...assets, ...unfinished.map((ticket) => ticket.asset)]
    : assets;
  const isSame = (other: PersonalAsset) =>
    myFilesConflict === 'same-name' ? other.name === asset.name : other.sha256 === asset.sha256;
  if (!existing.some((other) => isSame(other))) return;
  throw new V3Problem(409, {
    code: 4009,
    message: 'An asset like this already exists in the same Division.',
  });
}
