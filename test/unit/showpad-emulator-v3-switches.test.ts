import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startShowpadEmulator, type ShowpadEmulator } from '../../local/showpad/showpad-emulator.ts';
import type { PersonalAsset } from '../../local/showpad/user-resource.ts';
import { only } from '../showpad-caller.ts';
import { createV3Caller, type FormFile } from '../showpad-v3-caller.ts';

const png: FormFile = { filename: 'photo.png', content: '\u0089PNG', contentType: 'image/png' };
const pdf: FormFile = { filename: 'leaflet.pdf', content: '%PDF-1.7', contentType: 'application/pdf' };
const folder = `/${'0a'.repeat(32)}/`;

let showpad: ShowpadEmulator;
let call: ReturnType<typeof createV3Caller>['call'];
let uploadTo: ReturnType<typeof createV3Caller>['uploadTo'];

beforeEach(async () => {
  showpad = await startShowpadEmulator({
    users: [
      { email: 'jo@example.com', myFiles: { divisionId: 'jos-files' } },
      { email: 'sam@example.com', myFiles: { assets: [{ name: 'photo.png', content: 'seeded' }] } },
    ],
    switches: { processingMs: 0 },
  });
  ({ call, uploadTo } = createV3Caller(showpad));
});

afterEach(() => showpad.close());

function assetsOf(email: string): readonly PersonalAsset[] {
  return only(showpad.users.filter((user) => user.email === email)).myFiles.assets;
}

describe('switches', () => {
  test('isPersonal and the instructions may be left out when they are not required', async () => {
    Object.assign(showpad.switches, { requiresIsPersonal: false, requiresPostProcessingInstructions: false });
    const none = { isPersonal: undefined, postProcessingInstructions: undefined };
    expect((await uploadTo('jo@example.com', png, none)).status).toBe(201);
    expect(only(assetsOf('jo@example.com'))).toMatchObject({ folder: '/', isPersonal: false });
  });

  test.each([
    ['both', 'materialisedPath', 201],
    ['both', 'materializedPath', 201],
    ['materialisedPath', 'materialisedPath', 201],
    ['materialisedPath', 'materializedPath', 400],
    ['materializedPath', 'materialisedPath', 400],
    ['materializedPath', 'materializedPath', 201],
  ] as const)('with the folder key %s, %s gets %d', async (folderKey, key, status) => {
    Object.assign(showpad.switches, { folderKey });
    const postProcessingInstructions = JSON.stringify({ [key]: folder });
    expect((await uploadTo('jo@example.com', png, { postProcessingInstructions })).status).toBe(status);
  });

  test.each([
    ['off', 201, 201],
    ['same-name', 409, 201],
    ['same-content', 201, 409],
  ] as const)(
    'with conflicts %s, the same name gets %d and the same content %d',
    async (how, name, content) => {
      showpad.switches.myFilesConflict = how;
      await uploadTo('sam@example.com', png);
      expect((await uploadTo('sam@example.com', { ...png, content: 'other' })).status).toBe(name);
      expect((await uploadTo('sam@example.com', { ...png, filename: 'other.png' })).status).toBe(content);
      expect((await uploadTo('jo@example.com', png)).status).toBe(201);
    },
  );

  test.each([
    [false, 201],
    [true, 409],
  ])('uploads that are still processed conflict: %s', async (unfinishedUploadsConflict, expected) => {
    Object.assign(showpad.switches, { unfinishedUploadsConflict, processingStuck: true });
    await uploadTo('jo@example.com', pdf);
    const answer = await uploadTo('jo@example.com', pdf);
    expect(answer.status).toBe(expected);
    if (expected === 409)
      expect(answer.response).toMatchObject({ code: 4009, name: 'NotUniqueValidationError' });
  });

  test.each([
    ['post-only', 403],
    ['readable', 200],
  ] as const)("with other people's My Files %s, looking into them gets %d", async (othersMyFiles, status) => {
    showpad.switches.othersMyFiles = othersMyFiles;
    const { response } = await uploadTo('jo@example.com', png);
    const list = await call('GET', '/divisions/jos-files/assets.json?name=photo.png');
    const single = await call('GET', `/assets/${String(response['id'])}.json`);
    expect([list.status, single.status]).toEqual([status, status]);
    if (status === 200) expect(list.response).toMatchObject({ count: 1, items: [{ id: response['id'] }] });
  });
});

describe('the times of tickets', () => {
  test.each([
    ['with-offset', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00$/u],
    ['without-offset', /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/u],
    ['date', /^\d{4}-\d\d-\d\d$/u],
  ] as const)('are written %s', async (ticketTimes, expected) => {
    Object.assign(showpad.switches, { ticketTimes });
    const { response } = await uploadTo('jo@example.com', pdf);
    expect(response['queuedAt']).toMatch(expected);
  });
});

describe('faults', () => {
  test('an answer that is lost leaves the upload done', async () => {
    showpad.faults.add({ match: { method: 'POST' }, action: { kind: 'commitThenDrop' } });
    await expect(uploadTo('jo@example.com', png)).rejects.toThrow();
    expect(assetsOf('jo@example.com')).toHaveLength(1);
  });

  test.each([
    { kind: 'cutRequest', afterBytes: 100 },
    { kind: 'reset' },
    { kind: 'status', status: 503 },
  ] as const)('the fault %j leaves nothing behind', async (action) => {
    showpad.faults.add({ match: { method: 'POST' }, action });
    const outcome = await uploadTo('jo@example.com', png).then(
      ({ status }) => status,
      () => 'lost',
    );
    expect(outcome).toBe(action.kind === 'status' ? 503 : 'lost');
    expect(assetsOf('jo@example.com')).toEqual([]);
    expect((await uploadTo('jo@example.com', png)).status).toBe(201);
  });
});
