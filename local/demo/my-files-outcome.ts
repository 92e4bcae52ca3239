import type { Content } from './content.ts';
import { knownPeople } from './my-files-story.ts';
import type { Push, Pushes } from './my-files-story.ts';
import type { ReceivedBytes } from './outcome.ts';
import { looksAtTicket } from './showpad-view.ts';
import type { ShowpadLibrary, ShowpadRequest, ShowpadUser } from './showpad-view.ts';

/** What became of one file for one person. */
export interface PersonalOutcome {
  readonly push: Push;
  readonly email: string;
  /** Whether Showpad knows somebody with this address. */
  readonly isKnown: boolean;
  readonly state: string;
  readonly errorCode: string | null;
  /** How often Showpad was asked about the ticket; null where it gave none. */
  readonly ticketLooks: number | null;
  /** How many files of this name the person has in My Files. */
  readonly copies: number;
  readonly bytes: ReceivedBytes;
}

/** Compares every push, person by person, with what their My Files hold and with what Showpad was asked. */
export function judgePushes(
  pushes: Pushes,
  { users }: ShowpadLibrary,
  requests: readonly ShowpadRequest[],
): PersonalOutcome[] {
  return Object.values(pushes).flatMap((push) =>
    (push.job?.recipients ?? []).map(({ email, state, ticketId, error }) => {
      const copies = users.filter((user) => user.email === email).flatMap((user) => copiesOf(push, user));
      const isKnown = knownPeople.some((known) => known === email);
      return {
        push,
        email,
        isKnown,
        state,
        errorCode: error?.code ?? null,
        ticketLooks: ticketId === null ? null : looksAtTicket(ticketId, requests),
        copies: copies.length,
        bytes: isKnown || copies.length > 0 ? compare(push.content, copies) : 'unwanted',
      };
    }),
  );
}

type PersonalAsset = ShowpadUser['myFiles']['assets'][number];

function copiesOf({ fileName }: Push, { myFiles }: ShowpadUser): PersonalAsset[] {
  return myFiles.assets.filter(({ name }) => name === fileName);
}

function compare({ md5, sha256, size }: Content, copies: readonly PersonalAsset[]): ReceivedBytes {
  if (copies.length === 0) return 'missing';
  const areEqual = copies.every((copy) => copy.md5 === md5 && copy.sha256 === sha256 && copy.size === size);
  return areEqual ? 'equal' : 'different';
}
