import type { Logger } from '@aws-lambda-powertools/logger';
import type { WholeMetric } from './metric-definitions.ts';
import type { MetricSheet } from './metric-sheet.ts';
import type { Operation } from './showpad/errors.ts';
import { operationGroupOf } from './showpad-operations.ts';

/** One function per thing that happens between us and Showpad: its log line and its metric. */
export class ShowpadTelemetry {
  readonly #logger: Logger;
  readonly #metrics: MetricSheet;

  constructor(logger: Logger, metrics: MetricSheet) {
    this.#logger = logger;
    this.#metrics = metrics;
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
    const call = { operation, status, durationMs };
    // Reads that go well are most of all calls, and tell nothing that the metrics do not; of a file that was uploaded
    // there is a line of its own.
    const isExpected = status !== null && status < 400 && (operation.startsWith('GET ') || api === null);
    if (isExpected) this.#logger.debug('Showpad answered', call);
    else this.#logger.info('Showpad answered', call);
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

  #count(name: WholeMetric, value = 1): void {
    this.#metrics.record(name, value, null);
  }
}
