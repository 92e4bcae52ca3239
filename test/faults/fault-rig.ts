import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import * as z from 'zod';
import type { AroundInvocation } from '../../local/lambda.ts';
import { jobId } from '../../lib/jobs.ts';
import { cloudEvent, signed, startConnector, type Connector } from '../connector.ts';
import { watchAwsCalls } from './aws-calls.ts';
import { watchHttpCalls } from './http-calls.ts';
import { Invocation, type HeldLease } from './invocation.ts';
import { Run } from './run.ts';
import { WriteWatch } from './write-watch.ts';

export const divisionId = '0123456789abcdef0123456789abcdef';
const steps = [
  'receive-event',
  'stage-binary',
  'upload-asset',
  'upload-personal-file',
  'update-metadata',
  'poll-processing',
];
const mostDeliveries = 12;
const concurrency = 40;

export interface FaultRigSettings {
  /** Must be longer than the index lag and the latest effect that is injected, together. */
  readonly settleSeconds: number;
  readonly indexLagMs: number;
  readonly processingMs: number;
}

/** The connector, with every call of its invocations to the outside under the control of a run. */
export interface FaultRig {
  readonly connector: Connector;
  readonly writes: WriteWatch;
  /** `demo` archives what is deleted, `purge` deletes it. */
  readonly begin: (source: 'demo' | 'purge', subject: string) => Run;
  /** Delivers an event as a sender would: again and again until it was accepted. */
  readonly send: (run: Run, event: Readonly<Record<string, unknown>>) => Promise<void>;
  /** Brings failed messages back until nothing is left to do. */
  readonly converge: (timeoutMs?: number) => Promise<void>;
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
      .replaceAll(/MaximumConcurrency: \d+/g, `MaximumConcurrency: ${concurrency}`),
  );
  const secrets = [`whsec_${randomBytes(24).toString('base64')}`];
  const common = { adapter: 'cloudevents', secrets, division: divisionId };
  let expireLease: (lease: HeldLease) => Promise<void> = () => Promise.resolve();
  const { resetServices } = await import('../../lib/services.ts');

  const aroundInvocation: AroundInvocation = async (functionName, event, run) => {
    const owner = steps.includes(functionName) ? runs.get(jobOf(event) ?? '') : undefined;
    if (owner === undefined) return run();
    void resetServices();
    const invocation = new Invocation(functionName, event, owner.fateOf);
    const killed = invocation.ended.then(
      () => ({ ok: false, errorType: 'Runtime.ExitError', errorMessage: 'The process was killed.' }) as const,
    );
    const result = await Promise.race([invocation.run(run), killed]);
    if (invocation.isDisturbed) await Promise.all(invocation.leases.map(expireLease));
    return result;
  };

  const connector = await startConnector({
    templateFile,
    aroundInvocation,
    onLog: () => undefined,
    sources: { demo: { ...common, onDelete: 'archive' }, purge: { ...common, onDelete: 'delete' } },
    parameters: { SettleSeconds: String(settings.settleSeconds), TicketPollSeconds: '1' },
    showpadEmulator: {
      divisions: [{ name: 'Marketing', id: divisionId, isAssetSharingEnabled: true }],
      switches: { indexLagMs: settings.indexLagMs, processingMs: settings.processingMs },
    },
  });
  const { stack, showpad } = connector;
  const writes = new WriteWatch(showpad);
  const unwatchAws = watchAwsCalls();
  const { unwatch: unwatchHttp, late } = watchHttpCalls({
    onStart: (call) => writes.start(call),
    showpadOrigin: new URL(showpad.v4Url).origin,
  });

  // The lease of a holder that was killed, or that could not give it back, runs out long before its message becomes
  // visible again (the visibility timeout is six times the function's timeout, the lease is one and a minute). Here
  // the message comes back at once, so the lease ends at once, as soon as its holder has ended.
  expireLease = async ({ tableName, key, holder }) => {
    await stack.clients.dynamodb
      .send(
        new UpdateItemCommand({
          TableName: tableName,
          Key: { pk: { S: key.pk }, sk: { S: key.sk } },
          UpdateExpression: 'SET leasedUntil = :past',
          ConditionExpression: 'leaseHolder = :holder',
          ExpressionAttributeValues: { ':past': { N: '1' }, ':holder': { S: holder } },
        }),
      )
      .catch((error: unknown) => {
        if (!(error instanceof Error) || error.name !== 'ConditionalCheckFailedException') throw error;
      });
  };

  return {
    connector,
    writes,
    begin: (source, subject) => new Run(source, subject),
    send: async (run, event) => {
      const complete = cloudEvent({ subject: run.subject, ...event });
      runs.set(run.expect(String(complete['id'])), run);
      const body = JSON.stringify(complete);
      for (let delivery = 1; delivery <= mostDeliveries; delivery += 1) {
        const headers = signed(secrets[0] ?? '', body);
        const { status } = await connector.post(`/events/${run.source}`, body, headers);
        if (status < 300) return;
        if (status < 500) throw new Error(`The event was refused with ${status}.`);
      }
      throw new Error(
        `The event ${String(complete['id'])} was not accepted in ${mostDeliveries} deliveries.`,
      );
    },
    converge: async (timeoutMs = 120_000) => {
      const deadline = Date.now() + timeoutMs;
      for (;;) {
        await late();
        await stack.redeliver();
        try {
          await stack.settled(200);
          return;
        } catch (error) {
          if (Date.now() > deadline) throw error;
        }
      }
    },
    stop: async () => {
      await late();
      await connector.stop().finally(() => {
        unwatchAws();
        unwatchHttp();
      });
      await rm(directory, { recursive: true });
    },
  };
}

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
  const http = httpEvent.safeParse(event).data;
  if (http === undefined) return undefined;
  const body = Buffer.from(http.body, http.isBase64Encoded ? 'base64' : 'utf8').toString();
  const { id } = z.object({ id: z.string() }).parse(JSON.parse(body));
  return jobId(http.pathParameters.source, id);
}
