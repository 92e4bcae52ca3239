import { DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { resetServices } from '../../lib/services.ts';
import { pdf, startConnector, type Connector } from '../connector.ts';
import { pushesOf, type Pushes, type PushView } from './my-files-pushes.ts';

const canary = 'canary.bird+secret@example.com';
const events: string[] = [];
const printed: string[] = [];

let connector: Connector;
let pushes: Pushes;
beforeAll(async () => {
  for (const stream of [process.stdout, process.stderr]) {
    vi.spyOn(stream, 'write').mockImplementation((text) => {
      printed.push(String(text));
      return true;
    });
  }
  connector = await startConnector({
    // Of ten calls eight are to be left: enough for the two that find a person, and no more.
    parameters: { TicketPollSeconds: '1', BudgetReservePercent: '80' },
    environment: { POWERTOOLS_LOG_LEVEL: 'DEBUG' },
    showpadEmulator: {
      users: [{ email: 'jo@example.com' }, { email: canary }],
      switches: { v3Budget: { limit: 10, windowSeconds: 3_600, retryAfterSeconds: null }, processingMs: 900 },
    },
    aroundInvocation: (functionName, event, run) => {
      if (functionName !== 'receive-event') events.push(JSON.stringify(event));
      return run();
    },
  });
  pushes = pushesOf(connector);
});
afterAll(async () => {
  await connector.stop();
  vi.restoreAllMocks();
});

const fileOf = (name: string) => ({ url: connector.serve(name, pdf(name)), name });

test('when few calls are left polls slow down, and uploads wait until there are more', async () => {
  const { stack, showpad } = connector;
  expect(await pushes.push({ recipients: [canary], file: fileOf('first.pdf') })).toMatchObject({
    state: 'done',
  });
  const [gapMs = 0] = pushes.pollGapsMs();
  expect(gapMs).toBeGreaterThan(3_000);

  const uploads = pushes.uploads().length;
  const recipients = ['jo@example.com', canary];
  const data = { recipients, file: fileOf('second.pdf') };
  const { body } = await connector.send({ type: 'myfiles.upload', subject: 'scarce', data });
  const id = body.jobs[0]?.id ?? '';
  const waiting = async () => (await stack.queueCounts())['personalUpload']?.delayed;
  while ((await waiting()) !== recipients.length)
    expect(await connector.job(id)).not.toMatchObject({ state: 'failed' });
  expect(pushes.uploads()).toHaveLength(uploads);
  expect(showpad.requests.filter(({ status }) => status === 429)).toEqual([]);

  // A new container knows from the others that there are few calls, and makes none to learn it.
  const asked = showpad.requests.length;
  await resetServices();
  await stack.invoke('upload-personal-file', recordOf({ jobId: id, attempt: 1, push: 0 }));
  expect(showpad.requests).toHaveLength(asked);

  // Five minutes later it is looked anew, and the first answers tell that there still are.
  await letFiveMinutesPass();
  await stack.invoke('upload-personal-file', recordOf({ jobId: id, attempt: 1, push: 0 }));
  expect(showpad.requests.length).toBeGreaterThan(asked);
  expect(pushes.uploads()).toHaveLength(uploads);

  showpad.switches.v3Budget = { limit: 5_000, windowSeconds: 3_600, retryAfterSeconds: null };
  await letFiveMinutesPass();
  for (const push of recipients.keys()) {
    await stack.invoke('upload-personal-file', recordOf({ jobId: id, attempt: 1, push }));
  }
  while ((await connector.job(id)).state === 'processing') await stack.queueCounts();
  expect(await connector.job(id)).toMatchObject({ state: 'done' });
});

test('no address is in a log, a message or the text of an error', async () => {
  const data = { recipients: [`nobody.${canary}`], file: fileOf('third.pdf') };
  const { body } = await connector.send({ type: 'myfiles.upload', subject: 'for-nobody', data });
  const id = body.jobs[0]?.id ?? '';
  while ((await connector.job(id)).state !== 'failed') await connector.stack.queueCounts();
  const job = (await connector.get<PushView>(`/jobs/${id}`)).body;
  expect(JSON.stringify([job.error, job.recipients.map(({ error }) => error)])).not.toMatch(/canary/iu);
  expect(printed.join('')).toMatch(/file sent to My Files/u);
  expect(events.filter((event) => /canary/iu.test(event))).toEqual([]);
  expect(printed.filter((line) => /canary/iu.test(line))).toEqual([]);
});

/** Makes what the containers have told each other of the calls that are left too old to be believed. */
async function letFiveMinutesPass(): Promise<void> {
  const { clients, tableName, showpad } = connector.stack;
  await DynamoDBDocumentClient.from(clients.dynamodb).send(
    new UpdateCommand({
      TableName: tableName,
      Key: { pk: `PACE#${new URL(showpad.v3Url).host}`, sk: 'v3' },
      UpdateExpression: 'SET scarceUntilMs = :past',
      ExpressionAttributeValues: { ':past': Date.now() - 1 },
    }),
  );
  await resetServices();
}

function recordOf(message: object): object {
  const attributes = { ApproximateReceiveCount: '1' };
  return { Records: [{ messageId: 'message', body: JSON.stringify(message), attributes }] };
}
