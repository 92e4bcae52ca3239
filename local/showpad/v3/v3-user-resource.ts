import type { ShowpadState } from '../showpad-state.ts';
import type { EmulatedUser } from '../user-resource.ts';
import { linkTo } from './links.ts';
import { usedBytes } from './my-files.ts';

/** The user as API v3 shows it. */
export function renderV3User(
  { switches }: ShowpadState,
  user: EmulatedUser,
): Readonly<Record<string, unknown>> {
  const { id, email, firstName, lastName, userName, isActive, isTokenOwner, myFiles } = user;
  return {
    id,
    resourcetype: 'User',
    href: linkTo('users', id),
    userName,
    email,
    firstName,
    lastName,
    companyRole: null,
    createdAt: user.createdAt,
    updatedAt: user.updatedAt,
    emailNotifications: true,
    externalId: null,
    isActive,
    isAnonymized: false,
    isInvited: false,
    isSynced: false,
    isPasswordSet: true,
    language: 'en',
    lastLogin: null,
    phone: null,
    scimId: null,
    timezone: 'UTC',
    usergroups: { href: linkTo('users', id, '/usergroups') },
    userType: isTokenOwner ? 'owner' : 'tablet',
    myUploadsDivisionId: myFiles.divisionId,
    ...(switches.personalLimitsTold
      ? {
          personalContentFileSizeUsed: usedBytes(user),
          personalContentIndividualFileSizeLimit: myFiles.fileSizeLimit,
          personalContentTotalFileSizeLimit: myFiles.totalSizeLimit,
          isPersonalContentTotalUnlimited: myFiles.isTotalUnlimited,
        }
      : {}),
  };
}
