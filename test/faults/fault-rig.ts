import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import * as z from 'zod';
import type { AroundInvocation } from '../../local/lambda.ts';
import { jobId } from '../../lib/jobs.ts';
import { cloudEvent, signed, startConnector, type Connector } from '../connector.ts';
import { watchAwsCalls } from './aws-calls.ts';
import { watchHttpCalls } from './http-calls.ts';
import { Invocation } from './invocation.ts';
import { LogWatch } from './log-watch.ts';
import { OutcomeWatch } from './outcome-watch.ts';
import { Run } from './run.ts';
import { VirtualClock } from './virtual-clock.ts';
import { WriteWatch } from './write-watch.ts';

export const divisionId = '0123456789abcdef0123456789abcdef';
const steps = [
  'receive-event',
  'stage-binary',
  'upload-asset',
  'upload-personal-file',
  'update-metadata',
  'poll-processing',
  'publish-outcome',
  'retry-job',
];
const apiFunctions = ['receive-event', 'retry-job'];
const mostDeliveries = 24;
const betweenDeliveriesMs = 5_000;
const concurrency = 40;
/**
 * The longest time-outs of functions, with the visibility of their queues in the same proportion, so that what waits
 * for a file whose function was killed does not look for it in vain a hundred times.
 */
const timeoutSeconds = 120;
const apiTimeoutSeconds = 15;
/** Longer than the longest visibility timeout, which follows from that. */
const longestSilenceMs = 1_000_000;
const librariesUrl = new URL('../../lib/', import.meta.url);

export interface FaultRigSettings {
  readonly indexLagMs: number;
  /** Between two steps of the processing of a file. */
  readonly processingMs: number;
}

/** The connector, with its time and every call of its invocations to the outside under the control of a run. */
export interface FaultRig {
  readonly connector: Connector;
  readonly clock: VirtualClock;
  readonly writes: WriteWatch;
  readonly logged: LogWatch;
  readonly outcomes: OutcomeWatch;
  /** `demo` archives what is deleted, `purge` deletes it. */
  readonly begin: (source: 'demo' | 'purge', subject: string) => Run;
  /** Delivers an event as a sender would: again and again until it was accepted. */
  readonly send: (run: Run, event: Readonly<Record<string, unknown>>) => Promise<void>;
  /** Tries the failed job of an event again, until that was accepted. */
  readonly retry: (run: Run, eventId: string) => Promise<void>;
  /** Settles when nothing is left to do. */
  readonly converge: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

/**
 * Every invocation starts in a container of its own, so that what it asks of the outside does not depend on those
 * before, and every message has an invocation of its own, so that a kill hits one job.
 */
export async function startFaultRig(settings: FaultRigSettings): Promise<FaultRig> {
  const runs = new Map<string, Run>();
  const directory = await mkdtemp(join(tmpdir(), 'faults-'));
  const templateFile = join(directory, 'template.yaml');
  const template = await readFile(new URL('../../template.yaml', import.meta.url), 'utf8');
  await writeFile(
    templateFile,
    template
      .replaceAll(/BatchSize: \d+/g, 'BatchSize: 1')
      .replaceAll(/MaximumConcurrency: \d+/g, `MaximumConcurrency: ${concurrency}`)
      .replaceAll(/ Timeout: 900/g, ` Timeout: ${timeoutSeconds}`)
      .replaceAll(/VisibilityTimeout: 5400/g, `VisibilityTimeout: ${6 * timeoutSeconds}`),
  );
  const secrets = [`whsec_${randomBytes(24).toString('base64')}`];
  const common = { adapter: 'cloudevents', secrets, division: divisionId };
  // What is loaded while time is virtual would be waited for as if it took no time.
  for (const file of await readdir(librariesUrl))
    if (file.endsWith('.ts')) await import(new URL(file, librariesUrl).href);
  await import('@aws-sdk/client-s3');
  const { resetServices } = await import('../../lib/services.ts');

  const logged = new LogWatch();
  const outcomes = new OutcomeWatch();
  let messages = 0;
  let lastActivityMs = 0;
  const clock = new VirtualClock(() => messages > 0);
  const aroundInvocation: AroundInvocation = async (functionName, event, run) => {
    const owner = steps.includes(functionName) ? runs.get(jobOf(event) ?? '') : undefined;
    if (owner === undefined) return clock.during(run);
    lastActivityMs = clock.elapsedMs;
    void resetServices();
    const invocation = new Invocation(functionName, event, owner.fateOf);
    const killed = invocation.ended.then(
      () => ({ ok: false, errorType: 'Runtime.ExitError', errorMessage: 'The process was killed.' }) as const,
    );
    const timeout = apiFunctions.includes(functionName) ? apiTimeoutSeconds : timeoutSeconds;
    const end = setTimeout(() => {
      // A container that stands still is not reached even by this.
      if (!invocation.wasFrozen) invocation.kill();
    }, timeout * 1_000);
    const running = clock.during(() => invocation.run(run));
    void running.finally(() => {
      clearTimeout(end);
    });
    return Promise.race([running, killed]);
  };

  const unwatchAws = watchAwsCalls({
    onMessage: (inSeconds) => {
      messages += 1;
      clock.expect(inSeconds * 1_000);
    },
    onShown: (inSeconds) => {
      clock.expect(inSeconds * 1_000);
    },
    onHandled: (count) => {
      messages -= count;
    },
    onMade: (command, input) => {
      outcomes.note(command, input);
    },
  });

  const connector = await startConnector({
    templateFile,
    aroundInvocation,
    onLog: () => undefined,
    environment: { POWERTOOLS_LOG_LEVEL: 'INFO' },
    sources: { demo: { ...common, onDelete: 'archive' }, purge: { ...common, onDelete: 'delete' } },
    parameters: {
      SettleSeconds: '120',
      TicketPollSeconds: '30',
      ProcessingPollSeconds: '30',
      SourceDeadlineSeconds: '86400',
    },
    showpadEmulator: {
      divisions: [{ name: 'Marketing', id: divisionId, isAssetSharingEnabled: true }],
      switches: { indexLagMs: settings.indexLagMs, processingMs: settings.processingMs },
    },
  });
  const { stack, showpad } = connector;
  const writes = new WriteWatch(showpad);
  logged.watchFor([showpad.token, ...secrets]);
  const { unwatch: unwatchHttp, late } = await watchHttpCalls({
    onStart: (call) => writes.start(call),
    showpadOrigin: new URL(showpad.v4Url).origin,
  });

  return {
    connector,
    clock,
    writes,
    logged,
    outcomes,
    begin: (source, subject) => new Run(source, subject),
    send: async (run, event) => {
      const complete = cloudEvent({ subject: run.subject, ...event });
      runs.set(run.expect(String(complete['id'])), run);
      const body = JSON.stringify(complete);
      await untilAccepted(`The event ${String(complete['id'])}`, () =>
        connector.post(`/events/${run.source}`, body, signed(secrets[0] ?? '', body)),
      );
    },
    retry: async (run, eventId) => {
      const id = run.expect(eventId);
      await untilAccepted(`The retry of job ${id}`, async () => {
        const answer = await connector.post(`/jobs/${id}/retry`, '', {});
        // The answer before may have been lost: it was accepted when the job has gone on.
        const hasGoneOn = !['failed', 'received'].includes((await connector.job(id)).state);
        return hasGoneOn ? { status: 202 } : answer;
      });
    },
    converge: async () => {
      await late();
      lastActivityMs = clock.elapsedMs;
      for (;;) {
        const isSilent = clock.elapsedMs - lastActivityMs > longestSilenceMs;
        if (messages <= 0 || isSilent) {
          try {
            await stack.settled(-1);
            messages = 0;
            return;
          } catch (error) {
            if (isSilent) throw error;
          }
        }
        await clock.nextMoment();
      }
    },
    stop: async () => {
      await late();
      try {
        await connector.stop();
      } finally {
        unwatchAws();
        unwatchHttp();
        logged.stop();
        await clock.uninstall();
        await rm(directory, { recursive: true });
      }
    },
  };
}

async function untilAccepted(what: string, post: () => Promise<{ status: number }>): Promise<void> {
  for (let delivery = 1; delivery <= mostDeliveries; delivery += 1) {
    const { status } = await post();
    if (status < 300) return;
    // Somebody else may have the lease of the asset.
    if (status < 500 && status !== 409) throw new Error(`${what} was refused with ${status}.`);
    await pause(betweenDeliveriesMs);
  }
  throw new Error(`${what} was not accepted in ${mostDeliveries} deliveries.`);
}

const retryEvent = z.object({ pathParameters: z.object({ id: z.string() }) });
const httpEvent = z.object({
  body: z.string(),
  isBase64Encoded: z.boolean(),
  pathParameters: z.object({ source: z.string() }),
});
const queueEvent = z.object({ Records: z.tuple([z.object({ body: z.string() })]) });

/** The job that an invocation is about. */
function jobOf(event: unknown): string | undefined {
  const queued = queueEvent.safeParse(event).data;
  if (queued !== undefined) {
    return z.object({ jobId: z.string() }).safeParse(JSON.parse(queued.Records[0].body)).data?.jobId;
  }
  const retried = retryEvent.safeParse(event).data;
  if (retried !== undefined) return retried.pathParameters.id;
  const http = httpEvent.safeParse(event).data;
  if (http === undefined) return undefined;
  const body = Buffer.from(http.body, http.isBase64Encoded ? 'base64' : 'utf8').toString();
  const { id } = z.object({ id: z.string() }).parse(JSON.parse(body));
  return jobId(http.pathParameters.source, id);
}
