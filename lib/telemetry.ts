import type { Logger } from '@aws-lambda-powertools/logger';
import type { Metrics } from '@aws-lambda-powertools/metrics';
import { MetricUnit } from '@aws-lambda-powertools/metrics';
import type { Job } from './jobs.ts';
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
  readonly #metrics: Metrics;
  readonly #timeline: Timeline;

  constructor(logger: Logger, metrics: Metrics, timeline: Timeline) {
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

  deliveryRefused(source: string, status: number, detail: string): void {
    this.#count('DeliveriesRefused');
    this.#logger.warn('delivery refused', { source, status, detail });
  }

  async fileStaged(job: Job, file: { size: number; md5: string; sha256: string }): Promise<void> {
    this.#count('BytesStaged', file.size, MetricUnit.Bytes);
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
    this.#count('BytesUploaded', file.size, MetricUnit.Bytes);
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
    this.#count('SecondsToUsable', (Date.now() - Date.parse(job.createdAt)) / 1_000, MetricUnit.Seconds);
    await this.#happened(job, 'done', {});
  }

  async jobSuperseded(job: Job): Promise<void> {
    this.#count('JobsSuperseded');
    await this.#happened(job, 'superseded by newer events', {});
  }

  async personalFileSent(job: Job, recipient: number, bytes: number): Promise<void> {
    this.#count('PersonalFilesSent');
    this.#count('BytesUploaded', bytes, MetricUnit.Bytes);
    await this.#happened(job, 'file sent to My Files', { recipient, bytes });
  }

  async recipientFailed(job: Job, recipient: number, error: JobError): Promise<void> {
    this.#count('RecipientsFailed');
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
    this.#count('JobsFailed');
    await this.#happened(job, 'failed', { ...error });
  }

  /** Often long after its job has ended, and so no part of what happened to the asset. */
  outcomePublished(job: Job): void {
    this.#count('OutcomesPublished');
    this.#logger.info('outcome published', { ...identify(job), state: job.state });
  }

  /** A step that could not be done now and was put off; too frequent for the timeline. */
  stepPutOff(job: Job, step: string, delaySeconds: number, why: string): void {
    this.#logger.info('put off', { ...identify(job), step, delaySeconds, why });
  }

  swept(kind: SweptKind, details: Details): void {
    this.#count(`Swept${kind}`);
    this.#logger.warn('swept', { kind, ...details });
  }

  sweepEnded(counts: Readonly<Partial<Record<SweptKind, number>>>, failures: number): void {
    this.#count('Sweeps');
    this.#logger.info('sweep ended', { ...counts, failures });
  }

  showpadAnswered(operation: string, status: number | null, durationMs: number): void {
    this.#count('ShowpadCalls');
    this.#count('ShowpadMilliseconds', durationMs, MetricUnit.Milliseconds);
    if (status === 429) this.#count('ShowpadThrottles');
    if (status === null || status >= 500) this.#count('ShowpadFaults');
    this.#logger.debug('Showpad answered', { operation, status, durationMs });
  }

  tokenRenewed(): void {
    this.#count('TokensRenewed');
    this.#logger.info('access token renewed');
  }

  /** Until a person puts it right, nothing reaches Showpad: an alarm looks at this metric. */
  tokenRefused(why: string): void {
    this.#count('TokenRefused');
    this.#logger.error('Showpad refuses the credentials', { why });
  }

  showpadPaced(api: string, requestsPerSecond: number): void {
    this.#metrics.addMetric(`ShowpadRate${api.toUpperCase()}`, MetricUnit.CountPerSecond, requestsPerSecond);
  }

  showpadPaused(api: string, seconds: number, why: string): void {
    this.#count('ShowpadPauses');
    this.#count('ShowpadPauseSeconds', seconds, MetricUnit.Seconds);
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

  #count(
    name: string,
    value = 1,
    unit: (typeof MetricUnit)[keyof typeof MetricUnit] = MetricUnit.Count,
  ): void {
    this.#metrics.addMetric(name, unit, value);
  }
}

function identify(job: Job): Details {
  return { jobId: job.id, source: job.source, subject: job.subject };
}
