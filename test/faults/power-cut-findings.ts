import { setTimeout as delay } from 'node:timers/promises';
import { md5 } from '../connector.ts';
import type { Received } from '../outcome-subscriber.ts';
import type { PowerCutEvents } from './power-cut-events.ts';
import type { PowerCutRun } from './power-cut-run.ts';
import type { Library, PowerCutView, ShownJob } from './power-cut-view.ts';

const lookEveryMs = 250;
/** A file record that was made, or an upload that was sent, this shortly before a cut was met by it. */
const reachOfCutMs = 10_000;
/** What was on its way at a cut reaches a Showpad on a busy machine so much later; no system has started anew by then. */
const onItsWayMs = 1_500;

const endStates = new Set(['done', 'superseded', 'failed']);

/**
 * Waits until no queue has a message, dead letters aside, and every job has ended: a message that moves on while the
 * queues are counted is in none of them. Says what is left after `timeoutMs`.
 */
export async function untilQuiet(view: PowerCutView, timeoutMs: number): Promise<string[]> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const left = [...(await view.messages())].filter(([name, count]) => count > 0 && !isDeadLetter(name));
    const isQuiet = left.length === 0 && (await view.jobs()).every(({ state }) => endStates.has(state));
    if (isQuiet) return [];
    // Jobs that stay open are told of by what looks at them.
    if (Date.now() > deadline) return left.map(([name, count]) => `${name} still has ${count} messages`);
    await delay(lookEveryMs);
  }
}

const isDeadLetter = (name: string): boolean => name.endsWith('DeadLetter');

/** Every way in which the promises were broken, each with what happened to the job. */
export async function powerCutFindings(
  view: PowerCutView,
  { stories, pushes, jobs }: PowerCutEvents,
  run: PowerCutRun,
): Promise<string[]> {
  const found: string[] = [];
  const listed = await view.jobs();
  const library = await view.library();
  if (run.accepted.size !== jobs) found.push(`${run.accepted.size} of ${jobs} events were accepted`);
  const byEvent = new Map(listed.map((job) => [job.eventId, job]));
  for (const [eventId, id] of run.accepted) {
    const job = byEvent.get(eventId);
    if (job?.id !== id) found.push(`the job of ${eventId} is lost`);
  }
  if (listed.length !== run.accepted.size) found.push(`${listed.length} jobs are listed`);
  found.push(...(await listFindings(view, listed)));
  for (const job of listed) {
    if (job.type === 'myfiles.upload' || ['done', 'superseded'].includes(job.state)) continue;
    found.push(`job ${job.id} is ${job.state}: ${JSON.stringify(job.error)}\n${await view.story(job)}`);
  }
  for (const { source, subject, expected } of stories) {
    const broken = storyFindings(library, `${source}:${subject}`, expected, run.cutsMs);
    const job = listed.find((candidate) => candidate.subject === subject);
    const happened = broken.length > 0 && job !== undefined ? `\n${await view.story(job)}` : '';
    found.push(...broken.map((finding) => `${source}:${subject}: ${finding}${happened}`));
  }
  for (const push of pushes) {
    const id = run.accepted.get(push.id);
    if (id !== undefined)
      found.push(...pushFindings(library, await view.job(id), md5(push.content), run.cutsMs));
  }
  for (const [name, count] of await view.messages()) {
    if (isDeadLetter(name) && count > 0) found.push(`${count} messages are in ${name}`);
  }
  found.push(...(await view.unfinished()));
  return found;
}

/** Ends that nobody was told of, and outcomes that are none. */
export async function outcomeFindings(view: PowerCutView, received: readonly Received[]): Promise<string[]> {
  const ends = new Set((await view.jobs()).map(({ id, state }) => `${id}-${state}`));
  const told = new Set(received.map(({ outcome }) => outcome.id));
  return [
    ...[...ends].filter((id) => !told.has(id)).map((id) => `nobody was told of ${id}`),
    ...[...told].filter((id) => !ends.has(id)).map((id) => `${id} was told and is not so`),
  ];
}

/** The lists by state show each job once, in the state it is in. */
async function listFindings(view: PowerCutView, listed: readonly ShownJob[]): Promise<string[]> {
  const found: string[] = [];
  const repeated = listed.filter(({ id }, index) => listed.findIndex((job) => job.id === id) !== index);
  found.push(...repeated.map(({ id }) => `job ${id} is listed twice`));
  for (const state of new Set(listed.map((job) => job.state))) {
    const count = (await view.jobs(state)).length;
    const expected = listed.filter((job) => job.state === state).length;
    if (count !== expected) found.push(`${count} jobs are listed as ${state}, which ${expected} are`);
  }
  return found;
}

function storyFindings(
  { assets, deletedAssets, tags }: Library,
  externalId: string,
  expected: PowerCutEvents['stories'][number]['expected'],
  cutsMs: readonly number[],
): string[] {
  const found: string[] = [];
  const own = assets.filter((asset) => asset.externalId === externalId);
  const [asset] = own;
  if (own.length > 1) found.push(`${own.length} assets carry the external id`);
  const shown =
    asset === undefined
      ? null
      : {
          md5: asset.checksum,
          url: asset.url,
          description: asset.description,
          isArchived: asset.isArchived,
          tags: asset.tags.map(({ id }) => tags.find((tag) => tag.id === id)?.name ?? id).toSorted(),
        };
  const wanted = expected === null ? null : { ...expected, tags: expected.tags.toSorted() };
  if (JSON.stringify(shown) !== JSON.stringify(wanted)) {
    found.push(`the library shows ${JSON.stringify(shown)}, not ${JSON.stringify(wanted)}`);
  }
  if (asset?.status === 'prepared') found.push('the asset is still prepared');
  const gone = deletedAssets.filter((deleted) => deleted.externalId === externalId);
  for (const made of [...own, ...gone]) {
    const { files } = made;
    const uploads = files.flatMap((file) => file.uploads.map((upload) => upload.md5));
    const repeated = uploads.filter((sum, index) => uploads.indexOf(sum) !== index);
    if (repeated.length > 0) found.push(`the bytes ${repeated.join(', ')} were uploaded more than once`);
    // With its asset a file goes before Showpad has begun with it.
    const isLeft = (file: (typeof files)[number]): boolean =>
      file.status === 'prepared' && !(gone.includes(made) && file.uploads.length > 0);
    const orphans = files.filter((file) => isLeft(file) && !isMetByCut(Date.parse(file.createdAt), cutsMs));
    if (orphans.length > 0)
      found.push(`a file of ${orphans[0]?.createdAt} is left prepared, which no cut explains`);
  }
  return found;
}

function pushFindings({ users }: Library, job: ShownJob, sum: string, cutsMs: readonly number[]): string[] {
  const found: string[] = [];
  for (const { email, state, error } of job.recipients) {
    const copies = users
      .filter((user) => user.email === email)
      .flatMap(({ myFiles }) => myFiles.assets.filter((asset) => asset.md5 === sum)).length;
    const sentAt = Date.parse(/, at (\S+?),? was lost/.exec(error?.message ?? '')?.[1] ?? '');
    const isExplained = error?.code === 'OUTCOME_UNKNOWN' && isMetByCut(sentAt, cutsMs);
    if (copies > 1) found.push(`${copies} copies of ${job.subject} are with one recipient`);
    if (state === 'done' && copies !== 1) found.push(`${job.subject} is done for a recipient without a copy`);
    if (state !== 'done' && !isExplained) {
      found.push(`${job.subject} is ${state} for a recipient: ${JSON.stringify(error)}`);
    }
  }
  const unfinished = job.recipients.filter(({ state }) => state !== 'done').length;
  const wanted = unfinished === 0 ? 'done' : 'failed';
  if (job.state !== wanted)
    found.push(`the push ${job.subject} is ${job.state}: ${JSON.stringify(job.error)}`);
  return found;
}

/** Whether what happened at this time may have been stopped by a cut that came soon after. */
function isMetByCut(atMs: number, cutsMs: readonly number[]): boolean {
  return cutsMs.some((cutMs) => atMs <= cutMs + onItsWayMs && atMs > cutMs - reachOfCutMs);
}
