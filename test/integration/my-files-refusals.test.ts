import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { cloudEvent, md5, pdf, signed, startConnector, type Connector } from '../connector.ts';
import { defaultSwitches } from '../../local/showpad/switches.ts';
import { pushesOf, type Pushes, type PushView } from './my-files-pushes.ts';

const secrets = [`whsec_${Buffer.from('a secret of these tests').toString('base64')}`];
const upload = { method: 'POST', path: /\/api\/v3\/divisions\/.*assets/u };
const jo = 'jo@example.com';

let connector: Connector;
let pushes: Pushes;
beforeAll(async () => {
  connector = await startConnector({
    parameters: { TicketPollSeconds: '1', SettleSeconds: '0' },
    sources: {
      demo: { adapter: 'cloudevents', secrets },
      rename: { adapter: 'cloudevents', secrets, onConflict: 'rename' },
    },
    showpadEmulator: {
      users: [
        { email: jo },
        { email: 'o+ne@example.com' },
        { email: 'twin@example.com' },
        { email: 'Twin@example.com', userName: 'twin-2' },
        { email: 'gone@example.com', isActive: false },
        { email: 'small@example.com', myFiles: { fileSizeLimit: 5 } },
        {
          email: 'full@example.com',
          myFiles: { totalSizeLimit: 40, assets: [{ name: 'a.txt', content: 'x'.repeat(35) }] },
        },
      ],
    },
  });
  pushes = pushesOf(connector);
});
afterAll(() => connector.stop());
afterEach(() => {
  connector.showpad.faults.clear();
  Object.assign(connector.showpad.switches, defaultSwitches, { processingMs: 5 });
});

let count = 0;
/** A picture, which Showpad takes at once. */
const picture = (name = 'Picture.png') => {
  count += 1;
  return { url: connector.serve(`${count}.png`, `\u0089PNG ${count}`), name };
};
const filesOf = (email: string) => pushes.person(email).myFiles.assets;
const namesOf = (email: string) => filesOf(email).map(({ name }) => name);

describe('a recipient', () => {
  test.each([
    ['who is two people', 'twin@example.com', 'RECIPIENT_AMBIGUOUS'],
    ['who is not active', 'gone@example.com', 'RECIPIENT_INACTIVE'],
    ['whose files must be smaller', 'small@example.com', 'FILE_TOO_LARGE'],
    ['who has no room left', 'full@example.com', 'FILE_TOO_LARGE'],
  ])('%s fails alone, and nothing is sent', async (_who, email, code) => {
    const before = pushes.uploads().length;
    const job = await pushes.push({
      recipients: ['o+ne@example.com', email],
      file: picture(`${code}.${email}.png`),
    });
    expect(job.error?.message).toContain('1 of 2');
    expect(job.recipients).toMatchObject([{ state: 'done' }, { state: 'failed', error: { code } }]);
    expect(pushes.uploads()).toHaveLength(before + 1);
  });

  test('whose limit Showpad does not tell is refused by Showpad, once', async () => {
    connector.showpad.switches.personalLimitsTold = false;
    const before = pushes.uploads().length;
    const { recipients } = await pushes.push({ recipients: ['small@example.com'], file: picture() });
    expect(recipients).toMatchObject([{ state: 'failed', error: { code: 'SHOWPAD_REJECTED' } }]);
    expect(pushes.uploads()).toHaveLength(before + 1);
  });

  test('is found whatever the case of the address, and by an address with a plus', async () => {
    connector.showpad.switches.userFilters = 'exact';
    const { recipients } = await pushes.push({
      recipients: ['JO@Example.com', 'o+ne@example.com'],
      file: picture('Case.png'),
    });
    expect(recipients).toMatchObject([{ state: 'done' }, { state: 'done' }]);
  });
});

describe('a file', () => {
  test.each(['materialisedPath', 'both'] as const)('gets into its folder: %s', async (folderKey) => {
    connector.showpad.switches.folderKey = folderKey;
    const folder = `/${'ab'.repeat(32)}/${'01'.repeat(32)}/`;
    const name = `Überblick – ${folderKey} 日本.png`;
    const job = await pushes.push({
      recipients: [jo],
      file: picture(),
      name,
      folder,
      description: 'Für „Jo“\r\n',
    });
    expect(job).toMatchObject({ state: 'done' });
    expect(filesOf(jo).at(-1)).toMatchObject({
      name,
      originalName: name,
      folder,
      description: 'Für „Jo“\r\n',
      isPersonal: true,
    });
  });

  test('that is empty reaches nobody', async () => {
    const before = pushes.uploads().length;
    const job = await pushes.push({
      recipients: [jo],
      file: { url: connector.serve('empty.png', ''), name: 'Empty.png' },
    });
    expect(job).toMatchObject({ state: 'failed', error: { code: 'FILE_EMPTY' } });
    expect(pushes.uploads()).toHaveLength(before);
  });

  test.each([false, true])(
    'of a name that is taken fails its recipient, errors under HTTP 200: %s',
    async (errorsUnderHttp200) => {
      connector.showpad.switches.errorsUnderHttp200 = errorsUnderHttp200;
      const name = `Taken ${errorsUnderHttp200}.png`;
      await pushes.push({ recipients: [jo], file: picture(name) });
      const { recipients } = await pushes.push({ recipients: [jo], file: picture(name) });
      expect(recipients).toMatchObject([{ state: 'failed', error: { code: 'ALREADY_IN_MY_FILES' } }]);
      expect(namesOf(jo).filter((one) => one === name)).toHaveLength(1);
    },
  );

  test('of a name that is taken comes beside it where the source renames', async () => {
    for (let push = 0; push < 3; push += 1) await pushAt('rename', picture('Plan.v1.png'));
    expect(namesOf(jo).filter((name) => name.startsWith('Plan'))).toEqual([
      'Plan.v1.png',
      'Plan.v1 (2).png',
      'Plan.v1 (3).png',
    ]);
  });

  test('of a name that is not taken twice may share it where Showpad lets it', async () => {
    connector.showpad.switches.myFilesConflict = 'off';
    for (let push = 0; push < 2; push += 1)
      await pushes.push({ recipients: [jo], file: picture('Shared.png') });
    expect(namesOf(jo).filter((name) => name === 'Shared.png')).toHaveLength(2);
  });
});

describe('an upload', () => {
  test.each([
    ['for a while', 1],
    ['without saying how long', undefined],
  ])('that Showpad has no calls left for %s is made later, once', async (_when, retryAfter) => {
    const action = { kind: 'status', status: 429, ...(retryAfter !== undefined && { retryAfter }) } as const;
    connector.showpad.faults.add({ match: upload, action });
    const file = picture(`Later ${retryAfter ?? ''}.png`);
    expect(await pushes.push({ recipients: [jo], file })).toMatchObject({ state: 'done' });
    expect(namesOf(jo).filter((name) => name === file.name)).toHaveLength(1);
    const [refused = 0, made = 0] = pushes
      .uploads()
      .slice(-2)
      .map(({ receivedAt }) => Date.parse(receivedAt));
    expect(made - refused).toBeGreaterThanOrEqual(900);
  });

  test('whose outcome is unknown does not take the ticket of another file of that name for its own', async () => {
    connector.showpad.switches.myFilesConflict = 'off';
    const send = (content: Buffer) =>
      pushes.push({
        recipients: [jo],
        file: { url: connector.serve('same.pdf', content), name: 'Same.pdf' },
      });
    expect(await send(pdf('first'))).toMatchObject({ state: 'done' });
    connector.showpad.faults.add({ match: upload, action: { kind: 'status', status: 500 } });
    const job = await send(pdf('second'));
    expect(job.recipients).toMatchObject([{ state: 'failed', error: { code: 'OUTCOME_UNKNOWN' } }]);
    expect(filesOf(jo).filter(({ name }) => name === 'Same.pdf')).toMatchObject([{ md5: md5(pdf('first')) }]);
    const before = pushes.uploads().length;
    expect((await pushes.retry(job.id)).recipients).toMatchObject([{ error: { code: 'OUTCOME_UNKNOWN' } }]);
    expect(pushes.uploads()).toHaveLength(before);
  });

  test('whose answer is lost is found although nobody may list the tickets of a Division', async () => {
    connector.showpad.switches.othersTickets = 'refused';
    connector.showpad.faults.add({ match: upload, action: { kind: 'commitThenDrop' } });
    const file = { url: connector.serve('found.pdf', pdf('found')), name: 'Found.pdf' };
    expect(await pushes.push({ recipients: [jo], file })).toMatchObject({ state: 'done' });
    expect(namesOf(jo).filter((name) => name === 'Found.pdf')).toHaveLength(1);
  });
});

async function pushAt(source: string, file: object): Promise<PushView> {
  const body = JSON.stringify(
    cloudEvent({ type: 'myfiles.upload', subject: 'for-you', data: { recipients: [jo], file } }),
  );
  const answer = await connector.post(`/events/${source}`, body, signed(secrets[0] ?? '', body));
  await connector.stack.settled();
  const { jobs } = answer.body as { jobs: { id: string }[] };
  return (await connector.get<PushView>(`/jobs/${jobs[0]?.id ?? ''}`)).body;
}
