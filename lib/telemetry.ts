import type { Logger } from '@aws-lambda-powertools/logger';
import type { Job } from './jobs.ts';
import type { MetricName, MetricPart } from './metric-definitions.ts';
import type { MetricSheet } from './metric-sheet.ts';
import type { QueueName } from './queues.ts';
import type { JobError } from './reasons.ts';
import type { Operation } from './showpad/errors.ts';
import { operationGroupOf } from './showpad-operations.ts';
import type { Timeline } from './timeline.ts';
import { withoutSecretsWithin } from './without-secrets.ts';

type Details = Readonly<Record<string, unknown>>;
/** The metrics that are split by nothing. */
type WholeMetric = { [Name in MetricName]: MetricPart<Name> extends null ? Name : never }[MetricName];

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

  /** Events that had been delivered before, and have their jobs. */
  eventsRedelivered(source: string, events: number): void {
    this.#count('EventsRedelivered', events);
    this.#logger.info('events redelivered', { source, events });
  }

  deliveryRefused(source: string, status: number, detail: string): void {
    this.#count('DeliveriesRefused');
    this.#logger.warn('delivery refused', { source, status, detail });
  }

  async fileStaged(job: Job, file: { size: number; md5: string; sha256: string }): Promise<void> {
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

  async fileUploaded(job: Job, file: { fileId: string; md5: string; size: number }): Promise<void> {
    this.#count('FilesUploaded');
    this.#count('BytesUploaded', file.size);
    const { fileId, md5, size } = file;
    await this.#happened(job, 'file uploaded', { fileId, md5, size });
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

  async assetDeleting(job: Job, assetId: string, lastState: unknown): Promise<void> {
    this.#count('AssetsDeleted');
    await this.#happened(job, 'asset about to be deleted', { assetId, lastState });
  }

  async jobDone(job: Job): Promise<void> {
    this.#count('JobsDone');
    if (bringsFile(job)) {
      // Whoever has a failed job tried again starts the clock anew.
      const since = Date.parse(job.retriedAt ?? job.createdAt);
      this.#count('SecondsToUsable', (Date.now() - since) / 1_000);
    }
    await this.#happened(job, 'done', {});
  }

  async jobSuperseded(job: Job): Promise<void> {
    this.#count('JobsSuperseded');
    await this.#happened(job, 'superseded by newer events', {});
  }

  async personalFileSent(job: Job, recipient: number, bytes: number): Promise<void> {
    this.#count('PersonalFilesSent');
    this.#count('BytesUploaded', bytes);
    await this.#happened(job, 'file sent to My Files', { recipient, bytes });
  }

  /** Kept with the recipient; for five hundred of them it is too frequent for the timeline. */
  personalFileUsable(job: Job, recipient: number): void {
    this.#count('PersonalFilesUsable');
    this.#logger.info('file usable in My Files', { ...identify(job), recipient });
  }

  async recipientFailed(job: Job, recipient: number, error: JobError): Promise<void> {
    this.#metrics.record('RecipientsFailed', 1, error.code);
    await this.#happened(job, 'recipient failed', { recipient, ...error });
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
    await this.#happened(job, 'failed', { ...error });
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

  /** @param api null for what goes to an upload link, and through no limit of Showpad's */
  showpadAnswered(
    api: 'v4' | 'v3' | null,
    operation: Operation,
    status: number | null,
    durationMs: number,
  ): void {
    const group = operationGroupOf(operation);
    if (api !== null) this.#count(api === 'v4' ? 'ShowpadCallsV4' : 'ShowpadCallsV3');
    this.#metrics.record('ShowpadMilliseconds', durationMs, group);
    if (status === 429) this.#count('ShowpadThrottles');
    else if (status === null || (status >= 400 && status !== 404))
      this.#metrics.record('ShowpadErrors', 1, group);
    this.#logger.debug('Showpad answered', { operation, status, durationMs });
  }

  tokenRenewed(): void {
    this.#logger.info('access token renewed');
  }

  /** Until a person puts it right, nothing reaches Showpad: an alarm looks at this metric. */
  tokenRefused(why: string): void {
    this.#count('TokenRefused');
    this.#logger.error('Showpad refuses the credentials', { why });
  }

  showpadPaced(api: 'v4' | 'v3', requestsPerSecond: number): void {
    this.#count(api === 'v4' ? 'ShowpadRateV4' : 'ShowpadRateV3', requestsPerSecond);
  }

  showpadPaused(api: string, seconds: number, why: string): void {
    this.#count('ShowpadPauses');
    this.#count('ShowpadPauseSeconds', seconds);
    this.#logger.warn('Showpad paused for everybody', { api, seconds, why });
  }

  showpadSlowed(api: string, from: number, to: number, operation: string): void {
    this.#count('ShowpadHalvings');
    this.#logger.warn('rate towards Showpad halved', { api, from, to, operation });
  }

  showpadCallsLeft(remaining: number, verdict: string): void {
    this.#count('ShowpadCallsLeft', remaining);
    if (verdict !== 'enough') this.#logger.info('few calls of Showpad are left', { remaining, verdict });
  }

  /** What an answer said of the pace could not be told to the others. */
  paceLost(api: string, error: unknown): void {
    const name = error instanceof Error ? error.name : String(error);
    this.#logger.warn('pace towards Showpad not kept', { api, error: name });
  }

  async #happened(job: Job, what: string, details: Details): Promise<void> {
    // The logger drops a detail that is called like the line itself.
    const { message: why, lastState: _lastState, ...others } = details;
    this.#logger.info(what, { ...identify(job), ...others, why });
    await this.#timeline.append(job.key, { what, jobId: job.id, details: withoutSecretsWithin(details) });
  }

  #count(name: WholeMetric, value = 1): void {
    this.#metrics.record(name, value, null);
  }
}

function bringsFile({ type, wishes }: Job): boolean {
  return type === 'myfiles.upload' || wishes.includes('content');
}

function identify(job: Job): Details {
  return { jobId: job.id, source: job.source, subject: job.subject };
}
