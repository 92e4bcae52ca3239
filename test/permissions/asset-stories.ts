import { expect } from 'vitest';
import type { RequestRecord } from '../../local/showpad/request-log.ts';
import { cloudEvent, pdf, signed, type Connector, type JobView } from '../connector.ts';
import { secrets, type RecordedConnector } from './recorded-connector.ts';

// More than a part of a multipart upload.
const large = pdf('large '.repeat(2_000_000));
export const png = Buffer.from('\x89PNG\r\n\x1a\na picture', 'latin1');

/** An upsert of a file that is served until then. */
export function upsert(
  { serve }: Connector,
  subject: string,
  content: Parameters<Connector['serve']>[1] = pdf(subject),
  { file, ...data }: { readonly file?: object } & Record<string, unknown> = {},
) {
  const url = serve(`${subject}.pdf`, content);
  const whole = { file: { url, name: `${subject}.pdf`, ...file }, ...data };
  return { type: 'asset.upsert', subject, data: whole };
}

/** Sends events at once, waits until nothing is left to do, and answers with their jobs. */
export async function finishAll(
  { send, stack, job }: Connector,
  events: readonly Readonly<Record<string, unknown>>[],
): Promise<JobView[]> {
  const answers = await Promise.all(events.map((event) => send(event)));
  await stack.settled(55_000);
  return Promise.all(answers.map(({ body }) => job(body.jobs[0]?.id ?? '')));
}

/** Assets from their first event to their deletion, with what can come between. */
export async function tellOfAssets({ connector, hardships }: RecordedConnector): Promise<void> {
  const { send, post, serve, showpad, stack } = connector;
  // As often as one invocation asks.
  let refusals = 3;
  const busy = upsert(connector, 'busy', (_request, response) => {
    if (refusals-- > 0) response.writeHead(503, { 'retry-after': '1' }).end();
    else response.writeHead(200).end(pdf('busy'));
  });
  const overtaken = upsert(connector, 'overtaken', (_request, response) => {
    const url = serve('newer.pdf', pdf('newer'));
    const data = { file: { url, name: 'newer.pdf' } };
    void send({ type: 'asset.upsert', subject: 'overtaken', data }).then(() =>
      response.writeHead(200).end(pdf('older')),
    );
  });
  showpad.faults.add({
    match: { method: 'POST', path: '/v4/assets' },
    action: { kind: 'status', status: 429, retryAfter: 1 },
  });
  showpad.faults.add({
    match: { method: 'PUT' },
    action: { kind: 'status', status: 400, body: '<Error><Code>BadDigest</Code></Error>' },
  });
  const early = { type: 'asset.metadata', subject: 'early', data: { metadata: { description: 'early' } } };
  await send(early);
  await hardships.until(async () => ((await stack.queueCounts())['metadata']?.delayed ?? 0) > 0);
  showpad.switches.processingStuck = true;
  const looked = untilLookedAt(connector).then(() => (showpad.switches.processingStuck = false));
  const damaged = upsert(connector, 'damaged', large, { file: { sha256: '0'.repeat(64) } });
  const jobs = await finishAll(connector, [
    upsert(connector, 'plain', pdf('one'), { metadata: { tags: ['one'] } }),
    upsert(connector, 'large', large),
    { type: 'asset.upsert', subject: 'link', data: { url: 'https://example.com/' } },
    { type: 'tag.upsert', subject: 'tag', data: { name: 'kept' } },
    upsert(connector, 'early'),
    busy,
    overtaken,
    damaged,
  ]);
  expect(jobs.map(({ subject, state }) => `${subject}: ${state}`)).toEqual([
    'plain: done',
    'large: done',
    'link: done',
    'tag: done',
    'early: done',
    'busy: done',
    'overtaken: superseded',
    'damaged: failed',
  ]);

  await looked;
  showpad.revokeAccessTokens();
  const once = cloudEvent({ type: 'asset.metadata', subject: 'link', data: { metadata: { name: 'Link' } } });
  await send(once);
  const again = await finishAll(connector, [
    once,
    upsert(connector, 'plain', pdf('two')),
    upsert(connector, 'busy', pdf('busy')),
    upsert(connector, 'early', pdf('early'), { metadata: { description: 'late' } }),
    { type: 'asset.archive', subject: 'large', data: {} },
    { type: 'tag.delete', subject: 'tag', data: { name: 'kept' } },
    { type: 'asset.metadata', subject: 'overtaken', data: { tags: { add: ['two'] } } },
  ]);
  expect(again.map(({ state }) => state)).toEqual(again.map(() => 'done'));
  await finishAll(connector, [
    { type: 'asset.restore', subject: 'large', data: {} },
    { type: 'asset.delete', subject: 'busy', data: {} },
  ]);

  const batch = JSON.stringify(
    ['link', 'early'].map((subject) => cloudEvent({ type: 'asset.restore', subject, data: {} })),
  );
  const contentType = 'application/cloudevents-batch+json';
  const delivered = await post('/events/demo', batch, signed(secrets[0] ?? '', batch, { contentType }));
  expect(delivered).toMatchObject({ status: 202 });
  await stack.settled();
}

/** Settles when Showpad has been asked for a file that it is processing. */
async function untilLookedAt({ showpad }: Connector): Promise<void> {
  const isLook = ({ method, path, status }: RequestRecord): boolean =>
    method === 'GET' && /\/files\/\w+$/.test(path) && status === 200;
  while (!showpad.requests.some(isLook)) await showpad.changed();
}
