import type { Logger } from '@aws-lambda-powertools/logger';
import { factsOf } from './current-work.ts';
import type { Job } from './jobs.ts';
import type { WholeMetric } from './metric-definitions.ts';
import type { MetricSheet } from './metric-sheet.ts';
import type { QueueName } from './queues.ts';
import type { JobError } from './reasons.ts';
import type { Timeline } from './timeline.ts';
import { withoutSecretsWithin } from './without-secrets.ts';

type Details = Readonly<Record<string, unknown>>;

/** What the sweeper finds. */
export type SweptKind =
  | 'DeadLetterMarked'
  | 'DeadLetterRemoved'
  | 'DeadLetterForeign'
  | 'MessageSentAgain'
  | 'NotAccepted'
  | 'NoProgress'
  | 'LeaseEnded'
  | 'UploadAborted'
  | 'StagedDeleted';

/** One function per thing that happens in the business: its log line, its metric and its line in the timeline. */
export class Telemetry {
  readonly #logger: Logger;
  readonly #metrics: MetricSheet;
  readonly #timeline: Timeline;

  constructor(logger: Logger, metrics: MetricSheet, timeline: Timeline) {
    this.#logger = logger;
    this.#metrics = metrics;
    this.#timeline = timeline;
  }

  async eventAccepted(job: Job, generation: number): Promise<void> {
    this.#count('EventsAccepted');
    await this.#happened(job, 'event accepted', { type: job.type, generation });
  }

  async eventIgnored(job: Job): Promise<void> {
    this.#count('EventsIgnored');
    await this.#happened(job, 'event ignored', { type: job.type });
  }

  /** Its first delivery, or one that failed half-way, had been here before. */
  eventRedelivered(job: Job): void {
    this.#count('EventsRedelivered');
    this.#logger.info('event delivered again', { ...identify(job), state: job.state });
  }

  eventNotStored(error: unknown): void {
    this.#logger.error('event not stored', { error });
  }

  importMoved({ id, source }: { readonly id: string; readonly source: string }, state: string): void {
    this.#logger.info('import', { importId: id, source, state });
  }

  deliveryRefused(source: string, status: number, detail: string): void {
    this.#count('DeliveriesRefused');
    this.#logger.warn('delivery refused', { source, status, detail });
  }

  /** Its token and link are nobody's to read. */
  snsSubscriptionConfirmed(source: string): void {
    this.#logger.info('subscription confirmed to SNS', { source });
  }

  /** Who wants to hear of the topic has to subscribe again. */
  snsSubscriptionEnded(source: string): void {
    this.#logger.warn('subscription to SNS has ended', { source });
  }

  async fileStaged(
    job: Job,
    file: { size: number; md5: string; sha256: string; durationMs: number },
  ): Promise<void> {
    this.#count('BytesStaged', file.size);
    await this.#happened(job, 'file staged', file);
  }

  async assetCreated(job: Job, assetId: string): Promise<void> {
    this.#count('AssetsCreated');
    await this.#happened(job, 'asset created', { assetId });
  }

  async assetAdopted(job: Job, assetId: string): Promise<void> {
    this.#count('AssetsAdopted');
    await this.#happened(job, 'asset found by its external id', { assetId });
  }

  async assetGone(job: Job, assetId: string): Promise<void> {
    this.#count('AssetsGone');
    await this.#happened(job, 'asset no longer in Showpad', { assetId });
  }

  /** @param file without a duration when it was found to have been sent by an earlier try */
  async fileUploaded(
    job: Job,
    file: { fileId: string; md5: string; size: number; durationMs?: number },
  ): Promise<void> {
    this.#count('FilesUploaded');
    this.#count('BytesUploaded', file.size);
    const { fileId, md5, size, durationMs } = file;
    await this.#happened(job, 'file uploaded', { fileId, md5, size, durationMs });
  }

  async linkWritten(job: Job): Promise<void> {
    await this.#happened(job, 'link written', {});
  }

  async fileUsable(job: Job, fileId: string): Promise<void> {
    this.#count('FilesUsable');
    await this.#happened(job, 'file usable', { fileId });
  }

  async metadataWritten(job: Job, fields: readonly string[], refused: readonly string[]): Promise<void> {
    this.#count('MetadataWritten');
    await this.#happened(job, 'metadata written', { fields, refused });
  }

  async tagApplied(job: Job, name: string, isWanted: boolean): Promise<void> {
    this.#count('TagsApplied');
    await this.#happened(job, isWanted ? 'tag is there' : 'tag is gone', { name });
  }

  /** Only the timeline keeps what will be gone; each try to delete it says so again. */
  async assetDeleting(job: Job, assetId: string, lastState: unknown): Promise<void> {
    await this.#remember(job, 'asset about to be deleted', { assetId, lastState });
    // Afterwards nobody could say what it was.
    await this.#timeline.flush();
  }

  async assetDeleted(job: Job, assetId: string): Promise<void> {
    this.#count('AssetsDeleted');
    await this.#happened(job, 'asset deleted', { assetId });
  }

  async jobDone(job: Job): Promise<void> {
    this.#count('JobsDone');
    this.#count('JobsDone');
    const ageSeconds = (since: string): number => (Date.now() - Date.parse(since)) / 1_000;
    // Whoever has a failed job tried again starts the clock anew.
    if (bringsFile(job)) this.#count('SecondsToUsable', ageSeconds(job.retriedAt ?? job.createdAt));
    await this.#happened(job, 'done', { seconds: ageSeconds(job.createdAt), ...ofAllRecipients });
  }

  async jobSuperseded(job: Job): Promise<void> {
    this.#count('JobsSuperseded');
    await this.#happened(job, 'superseded by newer events', {});
  }

  async personalFileSent(
    job: Job,
    recipient: number,
    file: { assetId?: string; ticketId?: string; size: number; durationMs: number },
  ): Promise<void> {
    this.#count('PersonalFilesSent');
    this.#count('BytesUploaded', file.size);
    await this.#happened(job, 'file sent to My Files', { recipient, ...file });
  }

  async recipientDone(
    job: Job,
    recipient: number,
    ids: { assetId: string | null; ticketId: string | null },
  ): Promise<void> {
    this.#count('PersonalFilesUsable');
    await this.#happened(job, 'file is in My Files', { recipient, ...ids });
  }

  async recipientFailed(
    job: Job,
    { index, assetId, ticketId }: { index: number; assetId: string | null; ticketId: string | null },
    error: JobError,
  ): Promise<void> {
    this.#metrics.record('RecipientsFailed', 1, error.code);
    await this.#happened(job, 'recipient failed', { recipient: index, assetId, ticketId, ...error });
  }

  async jobRetried(job: Job): Promise<void> {
    this.#count('JobsRetried');
    await this.#happened(job, 'tried again on request', {});
  }

  /** Its message came although the job had been given up for want of it. */
  async jobRevived(job: Job): Promise<void> {
    this.#count('JobsRevived');
    await this.#happened(job, 'goes on: its message has come', {});
  }

  async jobFailed(job: Job, error: JobError): Promise<void> {
    this.#metrics.record('JobsFailed', 1, error.code);
    await this.#happened(job, 'failed', { ...error, ...ofAllRecipients });
  }

  /** Often long after its job has ended, and so no part of what happened to the asset. */
  outcomePublished(job: Job): void {
    this.#count('OutcomesPublished');
    this.#logger.info('outcome published', { ...identify(job), state: job.state });
  }

  /** A look at what Showpad makes of a file, and for how long it has been at it; too frequent for a line. */
  processingLookedAt(what: 'file' | 'ticket', ageMs: number): void {
    this.#count(what === 'file' ? 'SecondsInProcessing' : 'SecondsOnTicket', ageMs / 1_000);
  }

  /**
   * A step that could not be done now and was put off; too frequent for the timeline.
   * @param isPoll when nothing stood in its way, and Showpad just needs its time
   */
  stepPutOff(job: Job, step: QueueName, delaySeconds: number, why: string, isPoll = false): void {
    if (!isPoll) this.#metrics.record('StepsPutOff', 1, step);
    this.#logger.info('put off', { ...identify(job), step, delaySeconds, why });
  }

  swept(kind: SweptKind, details: Details): void {
    this.#count(`Swept${kind}`);
    this.#logger.warn('swept', { kind, ...details });
  }

  /** Told once for each silence; an alarm looks at `sourcesSilent`. */
  sourceSilent(source: string, times: { silentMs: number; allowedMs: number; usualMs: number | null }): void {
    const hours = (ms: number): number => Math.round(ms / 36_000) / 100;
    this.#logger.warn('source is silent', {
      source,
      silentHours: hours(times.silentMs),
      usualHours: times.usualMs === null ? null : hours(times.usualMs),
      allowedHours: hours(times.allowedMs),
    });
  }

  sourcesSilent(count: number): void {
    this.#count('SilentSources', count);
  }

  sweepEnded(counts: Readonly<Partial<Record<SweptKind, number>>>, failures: number): void {
    this.#logger.info('sweep ended', { ...counts, failures });
  }

  async #happened(job: Job, what: string, details: Details): Promise<void> {
    // The logger drops a detail that is called like the line itself.
    const { message: why, ...others } = details;
    this.#logger.info(what, { ...identify(job), ...others, why });
    await this.#remember(job, what, details);
  }

  async #remember(job: Job, what: string, details: Details): Promise<void> {
    await this.#timeline.append(job.key, { what, jobId: job.id, details: withoutSecretsWithin(details) });
  }

  #count(name: WholeMetric, value = 1): void {
    this.#metrics.record(name, value, null);
  }
}

// The work under way may have been for one of them.
const ofAllRecipients = { recipient: undefined, ticketId: undefined };

function bringsFile({ type, wishes }: Job): boolean {
  return type === 'myfiles.upload' || wishes.includes('content');
}

function identify(job: Job): Details {
  return { ...factsOf(job), ...job.showpad };
}
