import type { Evidence, Finding } from './evidence.ts';
import type { PersonalOutcome } from './my-files-outcome.ts';
import { knownPeople, unknownPerson } from './my-files-story.ts';
import { unless } from './unless.ts';

/** What the pushes into people's My Files show, going by what Showpad holds and was asked. */
export function myFilesFindings(evidence: Evidence): Finding[] {
  return [onceForEach(evidence), tickets(evidence), unknown(evidence)];
}

function onceForEach({ pushes, personalOutcomes, library }: Evidence): Finding {
  const files = Object.values(pushes);
  const known = personalOutcomes.filter(({ isKnown }) => isKnown);
  const expected = files.length * knownPeople.length;
  const held = library.users.reduce((sum, { myFiles }) => sum + myFiles.assets.length, 0);
  return {
    title: 'My Files',
    text: `${files.length} files for ${knownPeople.length} people who are known: each has each of them once, byte for byte`,
    faults: [
      ...unless(known.length === expected, `${known.length} results were told instead of ${expected}`),
      ...unless(held === expected, `all My Files together hold ${held} files instead of ${expected}`),
      ...known.flatMap((outcome) => [
        ...unless(outcome.state === 'done', `${nameOf(outcome)} is ${stateText(outcome)}`),
        ...unless(outcome.copies === 1, `${nameOf(outcome)} is there ${outcome.copies} times`),
        ...unless(outcome.bytes === 'equal', `the bytes of ${nameOf(outcome)} are ${outcome.bytes}`),
      ]),
    ],
  };
}

function tickets({ pushes, personalOutcomes }: Evidence): Finding {
  const known = personalOutcomes.filter(({ isKnown }) => isKnown);
  const offers = known.filter(({ push }) => push === pushes.offer);
  const photos = known.filter(({ push }) => push === pushes.photo);
  const looks = offers.map(({ ticketLooks }) => ticketLooks ?? 0);
  return {
    title: 'Tickets',
    text: `${pushes.offer.fileName} was asked about until it named its asset (${looks.join(' and ')} times), ${pushes.photo.fileName} was there at once`,
    faults: [
      // The first answer that says `completed` names no asset yet.
      ...offers.flatMap((outcome) =>
        unless(
          (outcome.ticketLooks ?? 0) >= 2,
          `the ticket of ${nameOf(outcome)} was asked ${outcome.ticketLooks ?? 0} times`,
        ),
      ),
      ...photos.flatMap((outcome) => unless(outcome.ticketLooks === null, `${nameOf(outcome)} got a ticket`)),
    ],
  };
}

function unknown({ pushes, personalOutcomes }: Evidence): Finding {
  const outcomes = personalOutcomes.filter(({ email }) => email === unknownPerson);
  return {
    title: 'Unknown person',
    text: `${unknownPerson} failed alone with RECIPIENT_UNKNOWN, and each job says 1 of ${knownPeople.length + 1}`,
    faults: [
      ...unless(
        outcomes.length === Object.values(pushes).length,
        `${outcomes.length} results were told of ${unknownPerson}`,
      ),
      ...outcomes.flatMap((outcome) =>
        unless(
          outcome.state === 'failed' && outcome.errorCode === 'RECIPIENT_UNKNOWN',
          `${nameOf(outcome)} is ${stateText(outcome)}`,
        ),
      ),
      ...Object.values(pushes).flatMap(({ title, state, job }) => {
        const error = job?.error ?? undefined;
        const isTold = error?.message.includes(`1 of ${knownPeople.length + 1}`) === true;
        return [
          ...unless(state === 'failed', `the job of ${title} is ${state}`),
          ...unless(
            error?.code === 'RECIPIENTS_FAILED' && isTold,
            `the job of ${title} says ${error === undefined ? 'nothing' : `${error.code}: ${error.message}`}`,
          ),
        ];
      }),
    ],
  };
}

/** `done`, or `failed (RECIPIENT_UNKNOWN)`. */
export function stateText({ state, errorCode }: PersonalOutcome): string {
  return errorCode === null ? state : `${state} (${errorCode})`;
}

function nameOf({ push, email }: PersonalOutcome): string {
  return `${push.fileName} for ${email}`;
}
