import { AsyncLocalStorage } from 'node:async_hooks';
import { randomBytes } from 'node:crypto';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import * as z from 'zod';
import { cloudEvent, pdf, signed, type Connector, type JobView } from '../connector.ts';
import { recordLines, type RecordedLine } from '../recorded-lines.ts';
import { hardshipsOf, startFragileConnector } from './hardships.ts';

type Event = Readonly<Record<string, unknown>>;

/** What the functions have logged, and have been sent, while everything befell them that the log has to tell of. */
export interface LogStories {
  readonly connector: Connector;
  readonly lines: readonly RecordedLine[];
  readonly messages: readonly { readonly jobId: string; readonly traceId: string | undefined }[];
  /** By subject. */
  readonly jobs: Readonly<Record<string, JobView & { readonly traceId: string }>>;
  readonly stop: () => Promise<void>;
}

const trace = (digit: string): string => digit.repeat(32);
/** The trace that each subject has come with; the first one's is that of the README. */
export const traces = {
  'brochure-2026': '4bf92f3577b34da6a3ce929d0e0e4736',
  flyer: trace('a'),
  poster: trace('b'),
  retried: trace('c'),
  lost: trace('d'),
  bare: trace('e'),
  dead: trace('f'),
} as const;
const traceparent = (traceId: string): string => `00-${traceId}-00f067aa0ba902b7-01`;
const tracesOfRedelivery = { event: trace('1'), request: trace('2') };

const sqsEvent = z.object({
  Records: z.array(
    z.object({
      body: z.string().transform((text) => z.object({ jobId: z.string() }).parse(JSON.parse(text)).jobId),
      messageAttributes: z.object({ traceId: z.object({ stringValue: z.string() }).optional() }),
    }),
  ),
});

export async function playLogStories(): Promise<LogStories> {
  const current = new AsyncLocalStorage<string>();
  // All functions of a local stack share one logger, which knows the context of the last one only.
  const recording = recordLines(() => ({ function_name: current.getStore() }));
  const messages: { jobId: string; traceId: string | undefined }[] = [];
  const secret = `whsec_${randomBytes(32).toString('base64')}`;
  const { connector, stop } = await startFragileConnector({
    parameters: { TicketPollSeconds: '1', SourceDeadlineSeconds: '0' },
    sources: { demo: { secrets: [secret] }, dam: { secrets: [secret] } },
    showpadEmulator: { divisions: [{ name: 'Marketing', isAssetSharingEnabled: true }] },
    environment: { POWERTOOLS_LOG_LEVEL: 'DEBUG' },
    aroundInvocation: (functionName, event, run) => {
      for (const { body, messageAttributes } of sqsEvent.safeParse(event).data?.Records ?? []) {
        messages.push({ jobId: body, traceId: messageAttributes.traceId?.stringValue });
      }
      return current.run(functionName, run);
    },
  });
  await play(connector, secret);
  const { items } = (await connector.get<{ items: (JobView & { traceId: string })[] }>('/jobs?limit=200'))
    .body;
  return {
    connector,
    lines: recording.lines,
    messages,
    jobs: Object.fromEntries(items.toReversed().map((job) => [job.subject, job])),
    stop: async () => {
      recording.stop();
      await stop();
    },
  };
}

async function play(connector: Connector, secret: string): Promise<void> {
  const { stack, showpad } = connector;
  const hardships = hardshipsOf(connector);
  const deliver = async (events: readonly Event[], headers: Readonly<Record<string, string>> = {}) => {
    const body = JSON.stringify(events.map((event) => cloudEvent(event)));
    const contentType = 'application/cloudevents-batch+json';
    const { body: answer } = await connector.post('/events/dam', body, {
      ...signed(secret, body, { contentType }),
      ...headers,
    });
    return (answer as { jobs?: JobView[] }).jobs?.map(({ id }) => id) ?? [];
  };
  const upsert = (subject: string, more: Event = {}, text = subject): Event => {
    const file = { url: connector.serve(`${subject}.pdf`, pdf(text)), name: `${subject}.pdf` };
    return { type: 'asset.upsert', subject, data: { file }, ...more };
  };
  const traced = (subject: keyof typeof traces): Event => ({ traceparent: traceparent(traces[subject]) });

  // Messages that are lost and sent again, by the sweep and by hand, and one that becomes a dead letter.
  await stack.pause('stage-binary');
  const [lost = '', bare = ''] = await deliver([
    upsert('lost', traced('lost')),
    upsert('bare', traced('bare')),
  ]);
  await hardships.lose('stage');
  await hardships.age(lost, 2);
  await hardships.sweep();
  const MessageBody = JSON.stringify({ jobId: bare, attempt: 0 });
  await stack.clients.sqs.send(new SendMessageCommand({ QueueUrl: stack.queues['stage'], MessageBody }));
  await connector.send(upsert('dead', traced('dead')));
  const mend = await hardships.spoil('dead');
  // Events of all kinds, one of them with a file that is not there yet.
  const absent = { url: connector.serve('x', 'x').replace(/x$/, 'absent.pdf'), name: 'absent.pdf' };
  const recipients = [showpad.users[0]?.email, 'nobody@example.com'];
  const file = { url: connector.serve('push.pdf', pdf('push')), name: 'Push.pdf' };
  const [, retried = ''] = await deliver([
    upsert('brochure-2026', {}, 'first edition'),
    { type: 'asset.upsert', subject: 'retried', data: { file: absent }, ...traced('retried') },
    { type: 'myfiles.upload', subject: 'push', data: { recipients, file } },
    { type: 'campaign.started', subject: 'campaign' },
  ]);
  await stack.resume('stage-binary');
  await hardships.exhaust();

  await mend();
  await hardships.redrive('stage');
  connector.serve('absent.pdf', pdf('found'));
  await connector.post(`/jobs/${retried}/retry`, '', {});
  // A batch in which one event has no trace of its own; another delivery of it is forged, and a later one has others.
  const data = {
    ...(upsert('brochure-2026', {}, 'second edition')['data'] as Event),
    metadata: { name: 'New' },
  };
  const batch = [
    { id: '0c1f', type: 'asset.upsert', subject: 'brochure-2026', data, ...traced('brochure-2026') },
    upsert('flyer', { id: 'flyer', ...traced('flyer') }),
    upsert('poster', { id: 'poster', traceparent: `00-${trace('0')}-00f067aa0ba902b7-01` }),
  ];
  const action = { kind: 'status', status: 429, retryAfter: 1 } as const;
  showpad.faults.add({ match: { method: 'POST', path: '/v4/assets' }, action });
  await deliver(batch, { traceparent: traceparent(traces.poster) });
  await deliver(batch, { 'webhook-signature': 'v1,forged' });
  await stack.settled();
  const again = batch.map((event) => ({ ...event, traceparent: traceparent(tracesOfRedelivery.event) }));
  await deliver(again, { traceparent: traceparent(tracesOfRedelivery.request) });
}
