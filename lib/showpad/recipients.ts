import * as z from 'zod';
import type { ShowpadClient } from './client.ts';
import { id } from './id.ts';
import { path } from './path.ts';

/** A person whom files can be sent to. */
export interface Recipient {
  readonly id: string;
  /** False only when Showpad says so. */
  readonly isActive: boolean;
}

/** Where the My Files of a person are, and what fits in; null is what Showpad does not tell. */
export interface MyFilesDivision {
  readonly divisionId: string | null;
  readonly individualLimitBytes: number | null;
  readonly totalLimitBytes: number | null;
  readonly isTotalUnlimited: boolean;
  readonly usedBytes: number | null;
}

const text = z.string().nullish().catch(null);
const flag = z
  .union([z.boolean(), z.stringbool(), z.number().transform((number) => number !== 0)])
  .nullable()
  .catch(null);
const digits = z.string().trim().regex(/^\d+$/);
const bytes = z
  .union([z.number(), digits.transform(Number)])
  .pipe(z.int().nonnegative())
  .nullable()
  .catch(null);
// Nothing says what a limit of 0 means, and refusing is up to Showpad where we are not sure.
const limit = bytes.transform((value) => (value === 0 ? null : value));

const user = z.object({ id, email: text, userName: text, isActive: flag });

const myFiles = z
  .object({
    myUploadsDivisionId: id.nullish(),
    personalContentIndividualFileSizeLimit: limit,
    personalContentTotalFileSizeLimit: limit,
    personalContentFileSizeUsed: bytes,
    isPersonalContentTotalUnlimited: flag,
  })
  .transform((fields): MyFilesDivision => ({
    divisionId: fields.myUploadsDivisionId ?? null,
    individualLimitBytes: fields.personalContentIndividualFileSizeLimit,
    totalLimitBytes: fields.personalContentTotalFileSizeLimit,
    isTotalUnlimited: fields.isPersonalContentTotalUnlimited ?? false,
    usedBytes: fields.personalContentFileSizeUsed,
  }));

/**
 * The people with this e-mail address, compared without case; inactive ones are among them. API v3 may know a
 * person by the user name alone, which then is the address. Whether Showpad's own search minds the case is not
 * documented, so an address with capitals that finds nobody is looked for in small letters, too.
 * @throws ShowpadError
 */
export async function findRecipients(client: ShowpadClient, email: string): Promise<Recipient[]> {
  const found = await searchUsers(client, email);
  const small = email.toLowerCase();
  return found.length > 0 || small === email ? found : searchUsers(client, small);
}

async function searchUsers(client: ShowpadClient, email: string): Promise<Recipient[]> {
  const call = {
    api: 'v3',
    method: 'GET',
    path: path`/users.json`,
    query: { email, fields: ['id', 'userName', 'email', 'isActive'] },
    operation: 'GET /users.json',
  } as const;
  const recipients = new Map<string, Recipient>();
  for await (const found of client.paginate(call, user)) {
    const address = found.email || found.userName;
    if (address?.toLowerCase() !== email.toLowerCase()) continue;
    recipients.set(found.id, { id: found.id, isActive: found.isActive ?? true });
  }
  return [...recipients.values()];
}

/** @throws ShowpadError, status 404 when the user is absent or not visible to the token */
export function getMyFilesDivision(client: ShowpadClient, userId: string): Promise<MyFilesDivision> {
  return client.request({
    api: 'v3',
    method: 'GET',
    path: path`/users/${userId}.json`,
    query: {
      fields: [
        'myUploadsDivisionId',
        'personalContentIndividualFileSizeLimit',
        'personalContentTotalFileSizeLimit',
        'personalContentFileSizeUsed',
        'isPersonalContentTotalUnlimited',
      ],
    },
    operation: 'GET /users/{id}.json',
    schema: myFiles,
  });
}

/** The size in bytes of the largest file that still fits into My Files, by what Showpad tells; Infinity when it tells no limit. */
export function largestFittingBytes(division: MyFilesDivision): number {
  const { individualLimitBytes, totalLimitBytes, isTotalUnlimited, usedBytes } = division;
  const individual = individualLimitBytes ?? Infinity;
  if (isTotalUnlimited || totalLimitBytes === null) return individual;
  return Math.max(0, Math.min(individual, totalLimitBytes - (usedBytes ?? 0)));
}
