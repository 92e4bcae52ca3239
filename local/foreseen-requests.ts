import { createHash } from 'node:crypto';
import * as z from 'zod';
import type { Asset } from '../lib/asset-state.ts';
import { desiredName } from '../lib/desired-state.ts';
import type { ConnectorEvent } from '../lib/events.ts';
import type { Job } from '../lib/jobs.ts';
import type { DivisionWish, Metadata } from '../lib/metadata.ts';
import type { Services } from '../lib/services.ts';
import type { Payload, Source } from '../lib/sources/source.ts';
import type { AroundInvocation } from './lambda.ts';
import { meaningsOf, presentRequest, withoutPolls, type ForeseenRequest } from './presented-request.ts';
import { fileTypeOf } from './showpad/file-types.ts';
import { startStack } from './stack.ts';

/** What becomes of a job, and why. */
export interface ForeseenJob {
  readonly type: string;
  readonly subject: string;
  readonly state: string;
  readonly error: string | null;
}

export interface Foresight {
  readonly jobs: readonly ForeseenJob[];
  readonly requests: readonly ForeseenRequest[];
}

/** A payload that a source was set up to send, and the events that it means. */
export interface ForeseenPayload {
  readonly source: Source;
  /** The source as its secret has it. */
  readonly settings: unknown;
  readonly payload: Payload;
  readonly events: readonly ConnectorEvent[];
  /** What the source's own API would answer to the question for details. */
  readonly answer?: unknown;
}

const messageSchema = z.object({ jobId: z.string() });
const batchSchema = z.object({ Records: z.array(z.object({ body: z.string() })) });
const settledWithinMs = 60_000;

/**
 * What a payload leads to: the whole connector is run in this process, against the emulator of Showpad, with nothing
 * of it replaced but the fetching of files, in whose place stand a few bytes. Nothing leaves this machine.
 * @param isKnown whether the assets are there already, each with another file and no metadata
 */
export async function foresee(
  { source, settings, payload, events, answer }: ForeseenPayload,
  isKnown: boolean,
): Promise<Foresight> {
  // The functions share this process, and their services are built for the environment of the stack.
  const { getServices } = await import('../lib/services.ts');
  const { acceptEvents } = await import('../lib/accept-events.ts');
  const { acceptPayload } = await import('../lib/accept-payload.ts');
  const stagedDigests = new Set<string>();
  const stack = await startStack({
    processes: 'shared',
    parameters: { SettleSeconds: '0', SourceDeadlineSeconds: '0', ProcessingPollSeconds: '1' },
    showpadEmulator: { ...seedOf(source, events), switches: { processingMs: 1 } },
    sources: { [source.name]: { secrets: [], ...(settings as object) } },
    aroundInvocation: stageInstead(getServices, stagedDigests, answer),
    onLog: () => undefined,
  });
  try {
    const services = getServices();
    const showpad = stack.showpadEmulator;
    if (showpad === undefined) throw new Error('The emulator of Showpad runs in this process.');
    if (isKnown) {
      await acceptEvents(source, eventsBefore(events), services);
      await stack.settled(settledWithinMs);
    }
    const first = showpad.requests.length;
    const accepted = await acceptPayload(source, payload, services);
    await stack.settled(settledWithinMs);
    const jobs = await Promise.all(accepted.map(async ({ job }) => (await services.jobs.get(job.id)) ?? job));
    const meanings = meaningsOf(showpad, stagedDigests);
    return {
      jobs: jobs.map(({ type, subject, state, error }) => {
        return { type, subject, state, error: error?.message ?? null };
      }),
      requests: withoutPolls(showpad.requests.slice(first)).map((one) => presentRequest(one, meanings)),
    };
  } finally {
    await stack.stop();
  }
}

/** Puts bytes of ours in the place of the source's, and lets the job go on. */
function stageInstead(getServices: () => Services, digests: Set<string>, answer: unknown): AroundInvocation {
  return async (functionName, event, invoke) => {
    if (functionName !== 'stage-binary') return invoke();
    const services = getServices();
    for (const { body } of batchSchema.parse(event).Records) {
      const job = await services.jobs.get(messageSchema.parse(JSON.parse(body)).jobId);
      const asset = job === null ? null : await services.assets.get(job.key);
      if (job === null || asset === null) continue;
      await layAnswer(services, job, asset, answer);
      await stageBytes(services, job, asset, digests);
      await services.queues.send('upload', job, { attempt: 0 });
    }
    return { ok: true, payload: { batchItemFailures: [] } };
  };
}

async function layAnswer(services: Services, job: Job, asset: Asset, answer: unknown): Promise<void> {
  const { content } = asset.desired;
  if (content === undefined || !('requested' in content.value) || answer === undefined) return;
  const { details } = content.value.requested;
  const { layDetails } = await import('../lib/file-details.ts');
  if (details !== undefined) await layDetails(services, job, content.order, details.mapping, answer);
}

async function stageBytes(services: Services, job: Job, asset: Asset, digests: Set<string>): Promise<void> {
  const { content } = asset.desired;
  if (content === undefined || 'url' in content.value) return;
  const { stageStream } = await import('../lib/staging.ts');
  // Showpad looks whether a file begins like one of its type.
  const { desired = asset.desired } = (await services.assets.get(job.key)) ?? {};
  const { signature } = fileTypeOf(desiredName(desired) ?? '');
  const bytes = Buffer.concat([
    Buffer.alloc(signature?.offset ?? 0),
    signature?.bytes ?? Buffer.alloc(0),
    Buffer.from(` What job ${job.id} would fetch stands here.`),
  ]);
  const md5 = createHash('md5').update(bytes).digest('hex');
  const [objectKey, size] = [`staged/${job.id}/foreseen`, bytes.length];
  const object = { ...(await services.staging()), key: objectKey, size, mediaType: null };
  await stageStream({ ...object, body: once(bytes) });
  digests.add(md5);
  await services.assets.recordStaged(job.key, { order: content.order, objectKey, size, md5 });
  await services.jobs.advance(job.id, 'staged');
}

async function* once(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}

/** What has brought the assets, at the beginning of time. */
function eventsBefore(events: readonly ConnectorEvent[]): ConnectorEvent[] {
  const time = '1970-01-01T00:00:00.000000000Z';
  const subjects = new Map(events.map((event) => [event.subject, event]));
  return [...subjects].map(([subject, event], index) => {
    const data = event.type === 'asset.upsert' ? event.data : undefined;
    const name = data?.file?.name ?? data?.requested?.name ?? 'file.pdf';
    const division = metadataOf(event)?.division;
    const file = { url: 'https://before.invalid/file', name };
    return {
      id: `before-${index}`,
      subject,
      time,
      order: `0${time} before-${index}` as ConnectorEvent['order'],
      type: 'asset.upsert',
      data: { file, ...(division !== undefined && { metadata: { division } }) },
    };
  });
}

function metadataOf(event: ConnectorEvent): Metadata | undefined {
  return event.type === 'asset.upsert' || event.type === 'asset.metadata' ? event.data.metadata : undefined;
}

/** A Showpad with every Division and person that is named. */
function seedOf(source: Source, events: readonly ConnectorEvent[]) {
  const wishes: (DivisionWish | undefined)[] = [
    source.division,
    ...events.map((event) => metadataOf(event)?.division),
  ];
  const divisions = new Map(
    wishes
      .filter((wish) => wish !== undefined)
      .map((wish) => {
        if (typeof wish === 'string') return [wish, { id: wish, name: wish }] as const;
        return 'id' in wish
          ? ([wish.id, { id: wish.id, name: wish.id }] as const)
          : ([wish.name, wish] as const);
      }),
  );
  const authors = events.flatMap((event) => metadataOf(event)?.authors ?? []);
  const emails = new Set(authors.filter((author) => typeof author === 'string'));
  return {
    divisions: divisions.size > 0 ? [...divisions.values()] : [{ name: 'the only one' }],
    users: [...emails].map((email) => ({ email })),
  };
}
