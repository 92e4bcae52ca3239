import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { DynamoDBDocumentClient, ScanCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { FaultAction } from '../../local/showpad/faults.ts';
import { cloudEvent, pdf, signed, startConnector, type Answer, type Connector } from '../connector.ts';
import { outcomeTopicName, subscribe, type OutcomeSubscriber } from '../outcome-subscriber.ts';

// Everything planted has this word in it: it must be nowhere but where a row below allows it.
const canary = 'canary';
const secrets = [`whsec_${Buffer.from('a canary that signs webhooks').toString('base64')}`];
const mail = (index: number): string => `${canary}-mail-${index}@example.com`;
const query = (index: number): string =>
  `?X-Amz-Signature=${canary}-query-${index}&token=${canary}-query-${index}`;

const division = '0123456789abcdef0123456789abcdef';
const logged: string[] = [];
const messages: string[] = [];
const answers: { what: string; answer: Answer }[] = [];
let connector: Connector, subscriber: OutcomeSubscriber;

beforeAll(async () => {
  for (const stream of [process.stdout, process.stderr]) {
    vi.spyOn(stream, 'write').mockImplementation((chunk) => {
      logged.push(typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString());
      return true;
    });
  }
  connector = await startConnector({
    parameters: { TicketPollSeconds: '1', SourceDeadlineSeconds: '0' },
    sources: {
      demo: { adapter: 'cloudevents', secrets, division },
      purge: { adapter: 'cloudevents', secrets, division, onDelete: 'delete' },
    },
    showpadEmulator: { divisions: [{ name: 'Marketing', id: division, isAssetSharingEnabled: true }] },
    environment: { POWERTOOLS_LOG_LEVEL: 'DEBUG', POWERTOOLS_METRICS_DISABLED: 'false' },
    onLog: (line) => logged.push(line),
    aroundInvocation: async (_functionName, event, run) => {
      const text = JSON.stringify(event);
      if (/"eventSource":"aws:sqs"/.test(text)) messages.push(text);
      return run();
    },
  });
  subscriber = await subscribe({ endpoint: connector.stack.aws.sns, name: outcomeTopicName });
  await plantEverything();
}, 120_000);
afterAll(async () => {
  subscriber.close();
  vi.restoreAllMocks();
  await connector.stop();
});

async function plantEverything(): Promise<void> {
  const { showpad, stack } = connector;
  const said = [
    `no ${mail(3)}, see https://x.example/a${query(3)}`,
    `Bearer ${canary}-bearer-1, {"access_token":"${canary}-token-1"}, client_secret=${canary}-token-2`,
    `${stack.showpad.token ?? ''} ${secrets[0] ?? ''}`,
  ].join(' ');
  const strike = (method: string, path: string | RegExp, action: FaultAction) =>
    showpad.faults.add({ match: { method, path }, action });
  const redirect = `http://user:${canary}-password-1@files.example.com/${query(4)}`;

  await upsert('whole', serve('whole', pdf('whole')), {
    name: `offer of ${mail(1)} .pdf`,
    metadata: { authors: [mail(2)] },
  });
  await upsert(
    'redirected',
    serve('redirected', (_, response) => response.writeHead(302, { location: redirect }).end()),
  );
  await upsert(
    'forbidden',
    serve('forbidden', (_, response) =>
      response.writeHead(403, { 'www-authenticate': said.slice(0, 40) }).end(said),
    ),
  );
  await upsert(
    'coded',
    serve('coded', (_, response) =>
      response.writeHead(200, { 'content-encoding': `${canary}-header-1` }).end('x'),
    ),
  );
  await upsert(
    'in-the-path',
    `${serve('x', 'x')}/${canary}-mail-9%40example.com/hmac=${canary}-path-1/${canary}0Aa1Bb2Cc3Dd4Ee5Ff6Gg7Hh8Ii9/a.pdf`,
  );
  strike('POST', '/v4/assets', { kind: 'status', status: 400, body: { title: said, detail: said } });
  await upsert('refused', serve('refused', pdf('refused')));
  const xml = `<Error><Code>Unwanted</Code><Message>X-Amz-Credential=${canary}-credential-1 ${mail(4)}</Message></Error>`;
  showpad.faults.add({
    match: { method: 'PUT' },
    action: { kind: 'status', status: 400, body: xml },
  });
  await upsert('not-uploaded', serve('not-uploaded', pdf('not-uploaded')));
  const failed = { id: 'file-1', status: 'failed', error: `${said} ${mail(5)}` };
  strike('GET', /\/files\/\w+$/, { kind: 'status', status: 200, body: failed });
  await upsert('not-processed', serve('not-processed', pdf('not-processed')));

  const before = await send('purge', {
    type: 'asset.upsert',
    subject: 'gone',
    data: fileOf('gone', serve('gone', pdf('gone'))),
  });
  const id = before === null ? '' : ((await connector.job(before)).showpad.assetId ?? '');
  const lastState = {
    id,
    name: 'gone',
    createdBy: { email: mail(6) },
    links: [`https://x.example/a${query(5)}`],
  };
  const state = showpad.faults.add({
    match: { method: 'GET', path: `/v4/assets/${id}`, times: 'always' },
    action: { kind: 'status', status: 200, body: lastState },
  });
  await send('purge', { type: 'asset.delete', subject: 'gone', data: {} });
  expect(state.hits).toBeGreaterThan(0);
  state.remove();

  const recipients = ['jo@example.com', mail(7)];
  strike('POST', /\/api\/v3\/divisions\/.*assets/, {
    kind: 'status',
    status: 400,
    body: { meta: { code: 400, message: said }, response: { message: said } },
  });
  await send('demo', {
    type: 'myfiles.upload',
    subject: 'pushed',
    data: { recipients, ...fileOf('pushed', serve('pushed', pdf('pushed'))) },
  });

  const hostile = {
    authorization: `Bearer ${canary}-bearer-2`,
    cookie: `session=${canary}-cookie-1`,
    'x-api-key': `${canary}-key-1`,
  };
  const body = JSON.stringify(
    cloudEvent({
      type: 'asset.upsert',
      subject: 'x',
      data: { [mail(8)]: 1, [`token=${canary}-token-3`]: 1 },
    }),
  );
  const good = signed(secrets[0] ?? '', body);
  await note('a bad event', connector.post('/events/demo', body, { ...good, ...hostile }));
  await note(
    'a forged event',
    connector.post('/events/demo', body, { ...good, ...hostile, 'webhook-signature': `v1,${canary}` }),
  );
  await note(
    'a bad type',
    connector.post('/events/demo', body, { ...good, ...hostile, 'content-type': `text/${canary}` }),
  );
  await note('no JSON', connector.post('/events/demo', canary, signed(secrets[0] ?? '', canary)));
  const foreign = [
    `${canary} ${mail(8)} is no JSON`,
    JSON.stringify({ jobId: 7, [mail(8)]: `${canary}-token-4` }),
  ];
  const records = foreign.map((text, index) => ({
    messageId: `foreign-${index}`,
    body: text,
    receiptHandle: 'x',
    eventSourceARN: 'arn:x',
    attributes: { ApproximateReceiveCount: '1' },
  }));
  await stack.invoke('upload-asset', { Records: records });
  await stack.settled();

  const { items } = (
    await note(
      'the jobs',
      connector.get<{ items: { id: string; subject: string; source: string }[] }>('/jobs?limit=200'),
    )
  ).body;
  for (const job of items) {
    await note(`the job of ${job.subject}`, connector.get(`/jobs/${job.id}`));
    await note(`the asset of ${job.subject}`, connector.get(`/assets/${job.source}/${job.subject}`));
  }
}

function serve(name: string, content: Parameters<Connector['serve']>[1]): string {
  return `${connector.serve(`${name}.pdf`, content)}${name === 'x' ? '' : query(1)}`;
}

const fileOf = (subject: string, url: string, name = `${subject}.pdf`) => ({ file: { url, name } });

async function upsert(
  subject: string,
  url: string,
  { name, metadata }: { name?: string; metadata?: object } = {},
): Promise<void> {
  const data = { ...fileOf(subject, url, name), ...(metadata !== undefined && { metadata }) };
  await send('demo', { type: 'asset.upsert', subject, data });
}

async function send(source: string, event: Readonly<Record<string, unknown>>): Promise<string | null> {
  const body = JSON.stringify(cloudEvent(event));
  const answer = await note(
    `the event for ${String(event['subject'])}`,
    connector.post(`/events/${source}`, body, signed(secrets[0] ?? '', body)),
  );
  expect(answer.status).toBe(202);
  await connector.stack.settled(55_000);
  return (answer.body as { jobs: { id: string }[] }).jobs[0]?.id ?? null;
}

async function note<T>(what: string, answering: Promise<Answer<T>>): Promise<Answer<T>> {
  const answer = await answering;
  answers.push({ what, answer });
  return answer;
}

/** The paths within a value where a planted secret stands, with the numbers of entries left out. */
function placesOf(value: unknown, path = ''): string[] {
  if (typeof value === 'string') return isPlanted(value) ? [path] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, item]: [string, unknown]) => [
    ...(isPlanted(key) ? [`${path} has a key`] : []),
    ...placesOf(item, [path, ...(/^\d+$/.test(key) ? [] : [key])].filter(Boolean).join('.')),
  ]);
}

function isPlanted(text: string): boolean {
  const known = [secrets[0]?.slice('whsec_'.length) ?? '', connector.stack.showpad.token ?? '-'];
  return [canary, ...known].some((secret) => text.includes(secret));
}

describe('secrets and addresses that were planted in everything that comes in', () => {
  test('are in no line of the log, at any level', () => {
    const lines = logged.join('\n').split('\n');
    for (const sign of [
      'event accepted',
      'delivery refused',
      'message failed',
      '"level":"DEBUG"',
      'recipient failed',
      'Showpad could not process the file',
      '"JobsFailed"',
      '"RecipientsFailed"',
    ])
      expect(
        lines.some((line) => line.includes(sign)),
        sign,
      ).toBe(true);
    expect(lines.filter(isPlanted)).toEqual([]);
  });

  test('are in no message, and in no dead letter', async () => {
    expect(messages.length).toBeGreaterThan(10);
    expect(messages.filter(isPlanted)).toEqual([]);
    expect(await connector.stack.deadLetters()).toEqual([]);
  });

  test('are in nothing that other systems are told', async () => {
    const outcomes = await subscriber.take();
    expect(outcomes.some(({ outcome }) => outcome.data.recipients !== null)).toBe(true);
    expect(outcomes.flatMap((received) => placesOf(received))).toEqual([]);
  });

  test('are in the table only where the connector cannot do without', async () => {
    const database = DynamoDBDocumentClient.from(connector.stack.clients.dynamodb);
    const { tableName: TableName } = connector.stack;
    const { Items: items = [] } = await database.send(new ScanCommand({ TableName }));
    expect(items.length).toBeGreaterThan(30);
    const places = items.flatMap((item) =>
      placesOf(item).map((path) => `${String(item['sk']).replace(/#.*/, '')} ${path}`),
    );
    expect([...new Set(places)].toSorted()).toEqual([
      // Who the file is for.
      'PUSH file.url',
      'PUSH recipients',
      // Who wrote it, and the name that its source gave it, for Showpad to show.
      'STATE applied.fields.name',
      'STATE desired.content.value.file.name',
      // The link, until the file has been fetched and should it have to be fetched again.
      'STATE desired.content.value.file.url',
      'STATE desired.fields.authors.value',
      'STATE desired.firstFileName.value',
    ]);
  });

  test('are in no answer, but for the recipients of a push', () => {
    expect(answers.length).toBeGreaterThan(25);
    const places = answers.flatMap(({ what, answer }) => placesOf(answer).map((path) => `${what}: ${path}`));
    expect([...new Set(places)]).toEqual(['the job of pushed: body.recipients.email']);
  });

  test('are in no name of an object', async () => {
    const { clients, buckets } = connector.stack;
    for (const Bucket of Object.values(buckets)) {
      const { Contents = [] } = await clients.s3.send(new ListObjectsV2Command({ Bucket }));
      expect(Contents.filter(({ Key = '' }) => isPlanted(Key))).toEqual([]);
    }
  });

  test('did come in, and reached Showpad where they belong there', () => {
    const asked = JSON.stringify(connector.showpad.requests);
    expect(connector.served.some(({ path }) => path.includes(`${canary}-query-1`))).toBe(true);
    for (const planted of [mail(1), `${canary}-mail-7`]) expect(asked).toContain(planted);
  });
});
