// PersonalUploadQueue → the staged file in one person's My Files, once.
import type { ItemLease } from '../lib/leases.ts';
import { personalStep, type PersonalWork } from '../lib/push-work.ts';
import { findLostTicket } from '../lib/lost-ticket.ts';
import type { Copy, PersonalUpload, Push } from '../lib/personal-uploads.ts';
import { stepMessageSchema } from '../lib/queues.ts';
import { JobFailure } from '../lib/reasons.ts';
import { backoffSeconds } from '../lib/retry-rules.ts';
import { sqsHandler } from '../lib/handlers.ts';
import type { ShowpadClient } from '../lib/showpad/client.ts';
import { ShowpadError } from '../lib/showpad/errors.ts';
import { uploadToMyFiles } from '../lib/showpad/my-files.ts';
import { findRecipients, getMyFilesDivision, largestFittingBytes } from '../lib/showpad/recipients.ts';
import { openIfStaged } from '../lib/staging.ts';
import { inTime, measureTransfer } from '../lib/transfer-limits.ts';
import type { StepOutcome } from '../lib/work.ts';

export const handler = sqsHandler(stepMessageSchema, personalStep('personalUpload', uploadPersonalFile));

const mostNames = 20;
type Staged = NonNullable<Push['staged']>;
type Place = NonNullable<PersonalUpload['place']>;

/** A file that is staged, and the person whose My Files it goes to. */
interface Delivery extends PersonalWork {
  readonly staged: Staged;
  readonly place: Place;
}

async function uploadPersonalFile(work: PersonalWork): Promise<StepOutcome> {
  const { services, push, upload, attempt, remainingMs } = work;
  const { staged } = push;
  if (upload.ticketId !== null) return settle(work, { ticketId: upload.ticketId });
  if (staged === undefined) return 'proceed';
  const scarcity = await untilCallsAreLeft(work);
  if (scarcity !== null) return scarcity;

  const client = await services.showpad();
  const place = upload.place ?? (await findPlace(client, staged, work));
  const outcome = await services.personalUploads.underLease(
    place.userId,
    staged.md5,
    remainingMs(),
    (lease, copy) => deliver({ ...work, staged, place }, client, lease, copy),
  );
  return (
    outcome ?? { againInSeconds: backoffSeconds(attempt, 30), why: 'another invocation serves this person' }
  );
}

async function untilCallsAreLeft({ services }: PersonalWork): Promise<StepOutcome | null> {
  const againInSeconds = await services.pace.scarceSeconds();
  return againInSeconds > 0 ? { againInSeconds, why: 'few calls of API v3 are left' } : null;
}

/** What an earlier try has brought about is taken as it is; only what surely never happened is sent. */
async function deliver(
  work: Delivery,
  client: ShowpadClient,
  lease: ItemLease,
  copy: Copy,
): Promise<StepOutcome> {
  const { services, staged, place } = work;
  const { personalUploads } = services;
  if (copy.ticketId !== undefined || copy.assetId !== undefined) return settle(work, copy);
  if (copy.intent === undefined) {
    const sendInTime = () => inTime(work, 'My Files', staged.size, () => send(work, client, lease));
    return (await untilCallsAreLeft(work)) ?? sendInTime();
  }
  const others = await personalUploads.listOtherCopies(place.userId, staged.md5);
  const found = await findLostTicket(work, client, copy.intent, others);
  if ('againInSeconds' in found) return found;
  const recovered = { ...copy, ticketId: found.ticketId };
  await personalUploads.recordCopy(lease, recovered);
  return settle(work, recovered);
}

async function send(work: Delivery, client: ShowpadClient, lease: ItemLease): Promise<StepOutcome> {
  const { staged, place } = work;
  const { divisionId } = place;
  const { services, push, signal } = work;
  const { personalUploads, telemetry } = services;
  const object = { ...(await services.staging()), key: staged.objectKey };
  for (const name of namesFor(push)) {
    const opened = await openIfStaged({ ...object, signal });
    if (opened === null) return stageAgain(work, staged);
    const { body, size } = opened;
    const intent = { at: new Date().toISOString(), fileName: name, divisionId };
    await personalUploads.recordCopy(lease, { intent }).catch((error: unknown) => {
      body.destroy();
      throw error;
    });
    const upload = {
      divisionId,
      name,
      ...(push.description !== undefined && { description: push.description }),
      folder: push.folder,
      fileName: name,
      contentType: push.file.mediaType ?? 'application/octet-stream',
      body,
      size,
      signal,
    };
    const answer = await measureTransfer(work, 'My Files', size, (onEnd) =>
      uploadToMyFiles(client, { ...upload, onEnd }),
    ).catch(async (error: unknown) => {
      // While it may have arrived the intent stands, and nothing is sent again.
      if (error instanceof ShowpadError && error.outcomeUnknown) throw error;
      await personalUploads.recordCopy(lease, {});
      if (error instanceof ShowpadError && error.status === 409) return null;
      throw error;
    });
    if (answer === null) continue;
    const copy: Copy = answer.kind === 'asset' ? { assetId: answer.assetId } : { ticketId: answer.ticketId };
    await personalUploads.recordCopy(lease, copy);
    await telemetry.personalFileSent(work.job, work.upload.index, size);
    return settle(work, copy);
  }
  throw new JobFailure('ALREADY_IN_MY_FILES', `The person's My Files hold “${push.name}” already.`);
}

/** The staged bytes have expired: once they are there again, this recipient's turn comes again. */
async function stageAgain({ services, job }: PersonalWork, staged: Staged): Promise<StepOutcome> {
  await services.personalUploads.forgetStaged(job.id, staged);
  await services.queues.send('stage', job, { attempt: 0, push: 'file' });
  return 'proceed';
}

/** The name asked for and, where the source is set up to rename, those that stand in when it is taken. */
function namesFor({ name, onConflict }: Push): string[] {
  if (onConflict === 'fail') return [name];
  const dot = name.lastIndexOf('.');
  const numbered = Array.from({ length: mostNames }, (_, index) => ` (${index + 2})`);
  return [name, ...numbered.map((number) => `${name.slice(0, dot)}${number}${name.slice(dot)}`)];
}

/** Tells the recipient's upload what became of the copy: done, or a ticket to be watched. */
async function settle({ services, job, upload }: PersonalWork, copy: Copy): Promise<StepOutcome> {
  const { personalUploads, queues, config, telemetry } = services;
  const { assetId = null, ticketId = null } = copy;
  if (assetId !== null || ticketId === null) {
    if (await personalUploads.advance(job.id, upload.index, { state: 'done', assetId, ticketId }))
      telemetry.personalFileUsable(job, upload.index);
    return 'proceed';
  }
  await services.jobs.advance(job.id, 'processing');
  const since = upload.since ?? new Date().toISOString();
  await personalUploads.advance(job.id, upload.index, { state: 'processing', ticketId, since });
  await queues.send('poll', job, { attempt: upload.polls, push: upload.index }, config.TICKET_POLL_SECONDS);
  return 'proceed';
}

/** Asked once for each recipient: the answers are kept with the upload. */
async function findPlace(client: ShowpadClient, staged: Staged, work: PersonalWork): Promise<Place> {
  const userId = await recipientId(client, work);
  const place = { userId, divisionId: await fittingDivision(client, userId, staged, work) };
  await work.services.personalUploads.advance(work.job.id, work.upload.index, { place });
  return place;
}

async function recipientId(client: ShowpadClient, { email, upload }: PersonalWork): Promise<string> {
  const [user, ...others] = await findRecipients(client, email);
  const who = `recipient ${upload.index + 1}`;
  if (user === undefined)
    throw new JobFailure('RECIPIENT_UNKNOWN', `Showpad knows nobody with the address of ${who}.`);
  if (others.length > 0)
    throw new JobFailure('RECIPIENT_AMBIGUOUS', `Several users have the address of ${who}.`);
  if (!user.isActive) throw new JobFailure('RECIPIENT_INACTIVE', `The user of ${who} is not active.`);
  return user.id;
}

async function fittingDivision(
  client: ShowpadClient,
  userId: string,
  { size }: Staged,
  { upload }: PersonalWork,
): Promise<string> {
  const division = await getMyFilesDivision(client, userId);
  const largest = largestFittingBytes(division);
  if (size > largest) {
    throw new JobFailure(
      'FILE_TOO_LARGE',
      `The file has ${size} bytes; recipient ${upload.index + 1} has room for ${largest}.`,
    );
  }
  if (division.divisionId !== null) return division.divisionId;
  throw new JobFailure('RECIPIENT_INACTIVE', `Recipient ${upload.index + 1} has no My Files yet.`);
}
