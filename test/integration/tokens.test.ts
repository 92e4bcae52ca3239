import { ScanCommand } from '@aws-sdk/client-dynamodb';
import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseSettings } from '../../local/settings.ts';
import { startShowpadEmulator, type ShowpadEmulator } from '../../local/showpad/showpad-emulator.ts';
import { type Connector, md5, pdf, startConnector } from '../connector.ts';

const client = { clientId: 'connector', clientSecret: 'canary-secret' };
const username = 'canary-bot@example.com';
const login = { grant: 'password', ...client, username, password: 'canary-password' };
const lifetimeSeconds = 2;

let showpad: ShowpadEmulator;
let connector: Connector;
let logs: string[];

/** The connector as `npm start` runs it for a Showpad elsewhere, which the emulator plays. */
async function start(
  credentials: (emulator: ShowpadEmulator) => Promise<object>,
  switches: Partial<ShowpadEmulator['switches']>,
): Promise<void> {
  logs = [];
  showpad = await startShowpadEmulator({
    oauthClients: [client],
    users: [{ email: username, password: login.password, isTokenOwner: true }],
    switches: { processingMs: 5, accessTokenSeconds: lifetimeSeconds, ...switches },
  });
  const division = showpad.divisions[0]?.id;
  const settings = parseSettings({
    PORT: '0',
    SHOWPAD_V4_URL: showpad.v4Url,
    SHOWPAD_CREDENTIALS: JSON.stringify(await credentials(showpad)),
    SOURCES: JSON.stringify({
      demo: { adapter: 'cloudevents', secrets: ['whsec_Y2FuYXJ5LWNhbmFyeS1jYW5hcnk='], division },
    }),
  });
  const parameters = { ...settings.parameters, LogLevel: 'DEBUG' };
  const onLog = (line: string): void => void logs.push(line);
  connector = await startConnector({ ...settings, processes: 'own', parameters, onLog }, showpad);
}

async function stop(): Promise<void> {
  await connector.stop();
  await showpad.close();
}

const tokenRequests = () => showpad.requests.filter(({ path }) => path.endsWith('/oauth2/token'));
const grants = () => tokenRequests().filter(({ status }) => status === 200);

/** Sends so many files, one after the other, so that tokens expire meanwhile; waits until all are done. */
async function sendFiles(count: number, during: (index: number) => Promise<void> | void): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    const url = connector.serve(`${index}.pdf`, pdf(`file ${index}`));
    const data = { file: { url, name: `${index}.pdf` } };
    const { status } = await connector.send({ type: 'asset.upsert', subject: `file-${index}`, data });
    expect(status).toBe(202);
    await during(index);
  }
  await connector.stack.settled(50_000);
}

function expectEachOnce(count: number): void {
  expect(showpad.assets).toHaveLength(count);
  for (let index = 0; index < count; index += 1) {
    const [asset, ...others] = connector.assetsOf(`file-${index}`);
    expect(others).toEqual([]);
    const uploads = asset?.files.flatMap(({ uploads: received }) => received) ?? [];
    expect(uploads.map((upload) => upload.md5)).toEqual([md5(pdf(`file ${index}`))]);
    expect(asset?.status).toBe('active');
  }
}

/** How many renewals came sooner after the one before than a token is used. */
function early(): number {
  const times = grants().map(({ receivedAt }) => Date.parse(receivedAt));
  return times.filter((time, index) => time - (times[index - 1] ?? -Infinity) < lifetimeSeconds * 500).length;
}

async function expectNoSecrets(secrets: readonly string[]): Promise<void> {
  expect(logs.some((line) => line.includes('access token renewed'))).toBe(true);
  const { Items = [] } = await connector.stack.clients.dynamodb.send(
    new ScanCommand({ TableName: connector.stack.tableName }),
  );
  expect(JSON.stringify(Items)).toContain('TOKEN#');
  const shown = logs.join('\n') + JSON.stringify(Items) + JSON.stringify(showpad.requests);
  for (const secret of ['canary-secret', 'canary-password', ...secrets]) expect(shown).not.toContain(secret);
  expect(logs.join('\n')).not.toContain('canary-bot');
  // What the emulator's tokens look like, and nothing else.
  expect(shown).not.toMatch(/\b[0-9a-f]{48}\b/);
}

describe('with a password, at a Showpad whose clients sign in in the body', () => {
  beforeAll(() =>
    start(() => Promise.resolve(login), { oauthClientAuthentication: 'body', oauthErrors: 'envelope' }),
  );
  afterAll(() => stop());

  test('tokens that expire and are revoked in the middle of many uploads cost one log-in each', async () => {
    showpad.switches.accessTokenSeconds = 3_600;
    await sendFiles(24, async (index) => {
      if (index !== 12) return;
      // Once a token is in use, every call that uses it is refused.
      while (grants().length === 0) await showpad.changed();
      showpad.switches.accessTokenSeconds = lifetimeSeconds;
      showpad.revokeAccessTokens();
    });
    expectEachOnce(24);
    expect(await connector.stack.deadLetters()).toEqual([]);
    expect(showpad.requests.some(({ path, status }) => path.startsWith('/v4/') && status === 401)).toBe(true);

    const before = grants();
    const age = () => Date.now() - Date.parse(before.at(-1)?.receivedAt ?? '');
    await expect.poll(age, { timeout: 10_000 }).toBeGreaterThan(lifetimeSeconds * 900);
    const data = { metadata: { description: 'later' } };
    const later = await connector.finish({ type: 'asset.metadata', subject: 'file-0', data });
    expect(later).toMatchObject({ state: 'done' });
    expect(grants().length).toBeGreaterThan(before.length);
    expect(early()).toBeLessThanOrEqual(1);
    // HTTP Basic was tried once, and then never again.
    expect(tokenRequests().length - grants().length).toBe(1);
    await expectNoSecrets([]);
  });
});

describe('with a refresh token, each of which works once', () => {
  let first: string;
  const refreshTokenOf = async ({ v3Url }: ShowpadEmulator): Promise<string> => {
    const { clientId, clientSecret, grant, ...user } = login;
    const fields = { grant_type: grant, client_id: clientId, client_secret: clientSecret, ...user };
    const { body } = await request(`${v3Url}/oauth2/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(fields).toString(),
    });
    const { refresh_token: token } = (await body.json()) as { refresh_token: string };
    return token;
  };
  beforeAll(() =>
    start(
      async (emulator) => {
        first = await refreshTokenOf(emulator);
        return { grant: 'refresh_token', ...client, refreshToken: first };
      },
      { refreshTokenRotation: 'old-dies', expiresInForm: 'text' },
    ),
  );
  afterAll(() => stop());

  test('none is used twice, also when the token endpoint fails for a while', async () => {
    showpad.faults.add({
      match: { path: '/api/v3/oauth2/token', nth: 2 },
      action: { kind: 'status', status: 503, retryAfter: 1 },
    });
    await sendFiles(9, async (index) => {
      if (index !== 6) return;
      while (grants().length < 2) await showpad.changed();
      showpad.revokeAccessTokens();
    });
    expectEachOnce(9);
    // The first is the one with which the refresh token was got.
    const statuses = tokenRequests().map(({ status }) => status);
    expect(statuses.filter((status) => status !== 200)).toEqual([503]);
    expect(statuses.length).toBeGreaterThanOrEqual(4);
    await expectNoSecrets([first]);
  });

  test('a refused one is tried once, raises the metric of the alarm, and no job fails', async () => {
    showpad.revokeAccessTokens();
    for (const user of showpad.users) user.isActive = false;
    const asked = tokenRequests().length;
    const jobs: string[] = [];
    for (let index = 0; index < 5; index += 1) {
      const data = { metadata: { description: `refused ${index}` } };
      const { body } = await connector.send({ type: 'asset.metadata', subject: `file-${index}`, data });
      jobs.push(...body.jobs.map(({ id }) => id));
    }
    const putOff = () =>
      jobs.filter((id) =>
        logs.some((line) => line.includes(id) && line.includes('Put right ones into the secret')),
      );
    await expect.poll(putOff, { timeout: 30_000 }).toHaveLength(5);
    for (const id of jobs) expect(await connector.job(id)).toMatchObject({ state: 'applying', error: null });
    expect(
      tokenRequests()
        .slice(asked)
        .map(({ status }) => status),
    ).toEqual([400]);
    expect(await connector.stack.deadLetters()).toEqual([]);
    expect(logs.filter((line) => line.includes('"TokenRefused":'))).toHaveLength(1);
  });
});
