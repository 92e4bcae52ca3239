import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { md5, pdf, startConnector, type Connector, type JobView } from '../connector.ts';

interface PushView extends JobView {
  readonly recipients: readonly {
    readonly email: string;
    readonly state: string;
    readonly assetId: string | null;
    readonly ticketId: string | null;
    readonly error: { readonly code: string } | null;
  }[];
}

let connector: Connector;
beforeAll(async () => {
  connector = await startConnector({ parameters: { TicketPollSeconds: '1', SourceDeadlineSeconds: '0' } });
});
afterAll(() => connector.stop());

const png = Buffer.concat([
  Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
  Buffer.from('a picture'),
]);
const person = (index: number) => {
  const user = connector.showpad.users.filter(({ isActive }) => isActive)[index];
  if (user === undefined) throw new Error('The emulator should have more users.');
  return user;
};
const push = async (data: Record<string, unknown>): Promise<PushView> =>
  (await connector.finish({ type: 'myfiles.upload', subject: 'for-you', data })) as PushView;

describe('a file for people', () => {
  test('is in the My Files of each of them when the job is done', async () => {
    const content = pdf('for you');
    const url = connector.serve('offer.pdf', content);
    const people = [person(0), person(1)];
    const job = await push({
      recipients: people.map(({ email }) => email),
      file: { url, name: 'Offer.pdf', mediaType: 'application/pdf' },
      description: 'For you',
    });
    expect(job).toMatchObject({ state: 'done', error: null });
    expect(job.recipients.map(({ state }) => state)).toEqual(['done', 'done']);
    for (const { myFiles } of people) {
      expect(myFiles.assets).toMatchObject([
        { name: 'Offer.pdf', md5: md5(content), size: content.length, folder: '/' },
      ]);
    }
  });

  test('that needs no processing is done at once, without a ticket', async () => {
    const url = connector.serve('picture.png', png);
    const job = await push({ recipients: [person(0).email], file: { url, name: 'Picture.png' } });
    expect(job).toMatchObject({ state: 'done', recipients: [{ state: 'done', ticketId: null }] });
    expect(job.recipients[0]?.assetId).toEqual(expect.any(String));
  });

  test('whom nobody knows fails that person alone, and the job says how many', async () => {
    const url = connector.serve('partly.pdf', pdf('partly'));
    const job = await push({
      recipients: [person(0).email.toUpperCase(), 'nobody+here@example.com'],
      file: { url, name: 'Partly.pdf' },
    });
    expect(job).toMatchObject({ state: 'failed', error: { code: 'RECIPIENTS_FAILED' } });
    expect(job.error?.message).toContain('1 of 2');
    expect(job.recipients).toMatchObject([
      { state: 'done' },
      { email: 'nobody+here@example.com', state: 'failed', error: { code: 'RECIPIENT_UNKNOWN' } },
    ]);
  });

  test('who is named twice comes once, and the same content again is not sent again', async () => {
    const url = connector.serve('once.pdf', pdf('once'));
    const { email, myFiles } = person(1);
    const data = { recipients: [email, email.toUpperCase()], file: { url, name: 'Once.pdf' } };
    expect((await push(data)).recipients).toHaveLength(1);
    expect(await push(data)).toMatchObject({ state: 'done' });
    expect(myFiles.assets.filter(({ name }) => name === 'Once.pdf')).toHaveLength(1);
  });

  test('that cannot be fetched fails the job and reaches nobody', async () => {
    const job = await push({
      recipients: [person(0).email],
      file: {
        url: connector.serve('x.pdf', (_request, response) => response.writeHead(404).end()),
        name: 'X.pdf',
      },
    });
    const error = { code: 'SOURCE_NOT_FOUND' };
    expect(job).toMatchObject({ state: 'failed', error, recipients: [{ state: 'failed', error }] });
  });
});

describe('an upload to My Files that', () => {
  const upload = { method: 'POST', path: /\/api\/v3\/divisions\/.*assets/ };

  test('breaks off before it has arrived is sent again', async () => {
    connector.showpad.faults.add({ match: upload, action: { kind: 'cutRequest', afterBytes: 100_000 } });
    const { email, myFiles } = person(0);
    const job = await push({
      recipients: [email],
      file: { url: connector.serve('cut.pdf', pdf('cut'.repeat(2_000_000))), name: 'Cut.pdf' },
    });
    expect(job).toMatchObject({ state: 'done' });
    expect(myFiles.assets.filter(({ name }) => name === 'Cut.pdf')).toHaveLength(1);
  });

  test('arrives but whose answer is lost is found by its ticket, and never sent twice', async () => {
    connector.showpad.faults.add({ match: upload, action: { kind: 'commitThenDrop' } });
    const { email, myFiles } = person(0);
    const job = await push({
      recipients: [email],
      file: { url: connector.serve('lost.pdf', pdf('lost')), name: 'Lost.pdf' },
    });
    expect(job).toMatchObject({ state: 'done' });
    expect(myFiles.assets.filter(({ name }) => name === 'Lost.pdf')).toHaveLength(1);
  });

  test('leaves no trace ends as unknown rather than in a second copy', async () => {
    connector.showpad.faults.add({ match: upload, action: { kind: 'commitThenDrop' } });
    const { email, myFiles } = person(1);
    const job = await push({
      recipients: [email],
      file: { url: connector.serve('trace.png', Buffer.concat([png, Buffer.from('!')])), name: 'Trace.png' },
    });
    expect(job).toMatchObject({
      state: 'failed',
      recipients: [{ state: 'failed', error: { code: 'OUTCOME_UNKNOWN' } }],
    });
    expect(myFiles.assets.filter(({ name }) => name === 'Trace.png')).toHaveLength(1);
  });
});

test.each<[string, Record<string, unknown>, string]>([
  ['nobody', { recipients: [] }, 'data.recipients'],
  [
    'too many',
    { recipients: Array.from({ length: 501 }, (_, index) => `p${index}@example.com`) },
    'data.recipients',
  ],
  ['no address', { recipients: ['jo'] }, 'data.recipients[0]'],
  ['no folder', { folder: '/Sales/' }, 'data.folder'],
  ['a name without an extension', { name: 'Offer' }, 'data.name'],
  ['a name with a slash', { name: 'a/b.pdf' }, 'data.name'],
  ['a name with a quote', { name: 'a"b.pdf' }, 'data.name'],
])('%s is refused at the door', async (_what, wrong, field) => {
  const data = {
    recipients: ['jo@example.com'],
    file: { url: 'https://acme.example/a.pdf', name: 'a.pdf' },
    ...wrong,
  };
  const answer = await connector.send({ type: 'myfiles.upload', subject: 'bad', data });
  expect(answer).toMatchObject({ status: 400, body: { errors: [{ field }] } });
});
