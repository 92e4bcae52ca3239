import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { request } from 'undici';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startShowpadEmulator, type ShowpadEmulator } from '../../local/showpad/showpad-emulator.ts';
import type { PersonalAsset } from '../../local/showpad/user-resource.ts';
import { only, until } from '../showpad-caller.ts';
import { createV3Caller, requiredFields, type FormFile } from '../showpad-v3-caller.ts';

const png: FormFile = { filename: 'photo.png', content: '\u0089PNG', contentType: 'image/png' };
const text: FormFile = { filename: 'notes.txt', content: 'Hello', contentType: 'text/plain' };
const pdf: FormFile = { filename: 'leaflet.pdf', content: '%PDF-1.7', contentType: 'application/pdf' };
const folder = `/${'0a'.repeat(32)}/`;

let showpad: ShowpadEmulator;
let call: ReturnType<typeof createV3Caller>['call'];
let uploadTo: ReturnType<typeof createV3Caller>['uploadTo'];

beforeEach(async () => {
  showpad = await startShowpadEmulator({
    users: [
      {
        email: 'jo@example.com',
        id: 'jo',
        myFiles: { divisionId: 'jos-files', fileSizeLimit: 10, totalSizeLimit: 15 },
      },
      { email: 'sam@example.com', id: 'sam', myFiles: { divisionId: 'sams-files' } },
    ],
    switches: { processingMs: 0 },
  });
  ({ call, uploadTo } = createV3Caller(showpad));
});

afterEach(() => showpad.close());

function assetsOf(email: string): readonly PersonalAsset[] {
  return only(showpad.users.filter((user) => user.email === email)).myFiles.assets;
}

const digest = (algorithm: string, content: Buffer | string) =>
  createHash(algorithm).update(content).digest('hex');

describe('a file for My Files', () => {
  test('that needs no processing is there at once, with its hashes, folder and description', async () => {
    const postProcessingInstructions = JSON.stringify({ materialisedPath: folder });
    const { status, meta, response } = await uploadTo('jo@example.com', png, {
      name: 'Nice photo',
      description: 'Of a flow meter',
      postProcessingInstructions,
    });
    expect(status).toBe(201);
    expect(meta).toMatchObject({ code: 201, message: 'Created' });
    expect(response).toMatchObject({
      resourcetype: 'Asset',
      name: 'Nice photo.png',
      originalName: 'photo.png',
      md5Checksum: digest('md5', png.content),
      division: { id: 'jos-files' },
    });
    expect(assetsOf('jo@example.com')).toEqual([
      expect.objectContaining({
        id: response['id'],
        name: 'Nice photo.png',
        md5: digest('md5', png.content),
        sha256: digest('sha256', png.content),
        size: Buffer.byteLength(png.content),
        contentType: 'image/png',
        folder,
        description: 'Of a flow meter',
      }),
    ]);
    expect(assetsOf('sam@example.com')).toEqual([]);
  });

  test.each([
    ['by-type', 'photo.png', 'Asset'],
    ['by-type', 'notes.txt', 'Asset'],
    ['by-type', 'leaflet.pdf', 'Ticket'],
    ['by-type', 'slides.PPTX', 'Ticket'],
    ['by-type', 'film.mp4', 'Ticket'],
    ['ticket', 'photo.png', 'Ticket'],
    ['asset', 'leaflet.pdf', 'Asset'],
  ] as const)('with the answer %s, %s gets a %s', async (uploadAnswer, filename, resourcetype) => {
    Object.assign(showpad.switches, { uploadAnswer });
    const { response } = await uploadTo('jo@example.com', { filename, content: 'x' });
    expect(response['resourcetype']).toBe(resourcetype);
  });

  test.each([200, 201, 202] as const)(
    'is answered with %d when that is switched on',
    async (uploadStatus) => {
      showpad.switches.uploadStatus = uploadStatus;
      expect(await uploadTo('jo@example.com', png)).toMatchObject({
        status: uploadStatus,
        meta: { code: uploadStatus },
      });
    },
  );

  test('goes to the owner of the token when it is sent to mine', async () => {
    await uploadTo('mine', text);
    expect(assetsOf('connector@example.com').map(({ name }) => name)).toEqual(['notes.txt']);
    const { response } = await call('GET', '/divisions/mine/assets.json?fields=name');
    expect(response).toEqual({ count: 1, items: [{ name: 'notes.txt' }] });
  });

  test('can have a name with a quote and letters of other scripts in its file name', async () => {
    const filename = 'Größe %22XL%22 日本語.png';
    await uploadTo('jo@example.com', { ...png, filename });
    expect(only(assetsOf('jo@example.com')).name).toBe('Größe "XL" 日本語.png');
  });

  test('is hashed as it arrives, however large it is', async () => {
    const chunk = Buffer.alloc(64 * 1024, 'a b c ');
    const chunks = 160;
    const head = [
      ...Object.entries(requiredFields).map(
        ([name, value]) => `--edge\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
      ),
      '--edge\r\nContent-Disposition: form-data; name="file"; filename="big.zip"\r\n\r\n',
    ].join('');
    const end = '\r\n--edge--\r\n';
    const hash = createHash('sha256');
    for (let index = 0; index < chunks; index += 1) hash.update(chunk);
    const body = Readable.from(
      (function* () {
        yield Buffer.from(head);
        for (let index = 0; index < chunks; index += 1) yield chunk;
        yield Buffer.from(end);
      })(),
    );
    const { status } = await call('POST', '/divisions/sams-files/assets.json', {
      body,
      headers: {
        'content-type': 'multipart/form-data; boundary=edge',
        'content-length': String(head.length + chunks * chunk.length + end.length),
      },
    });
    expect(status).toBe(201);
    const { size, sha256 } = only(assetsOf('sam@example.com'));
    expect({ size, sha256 }).toEqual({ size: chunks * chunk.length, sha256: hash.digest('hex') });
  });

  test('is shown in the log without its bytes', async () => {
    await uploadTo('jo@example.com', text);
    expect(showpad.requests.at(-1)?.body).toEqual({
      ...requiredFields,
      file: {
        filename: 'notes.txt',
        contentType: 'text/plain',
        size: 5,
        md5: digest('md5', 'Hello'),
        sha256: digest('sha256', 'Hello'),
      },
    });
  });

  test('is shown to other processes', async () => {
    await uploadTo('jo@example.com', png);
    await uploadTo('jo@example.com', pdf);
    await until(showpad, () => assetsOf('jo@example.com').length === 2);
    const state = await (await request(`${showpad.controlUrl}/state`)).body.json();
    expect(state).toMatchObject({
      users: [
        {
          id: 'jo',
          myFiles: { divisionId: 'jos-files', assets: [{ name: 'photo.png' }, { name: 'leaflet.pdf' }] },
        },
        { id: 'sam' },
        {},
      ],
      tickets: [{ status: 'completed', divisionId: 'jos-files' }],
    });
  });
});

describe('an upload that is wrong', () => {
  test.each<[string, Readonly<Record<string, string | undefined>>, number]>([
    ['no isPersonal', { isPersonal: undefined }, 4008],
    ['isPersonal in quotes', { isPersonal: '"true"' }, 4001],
    ['isPersonal false', { isPersonal: 'false' }, 4008],
    ['no instructions', { postProcessingInstructions: undefined }, 4008],
    ['instructions that are no JSON', { postProcessingInstructions: '{materialisedPath: "/"}' }, 5001],
    ['instructions without a folder', { postProcessingInstructions: '{}' }, 4006],
    ['instructions that are null', { postProcessingInstructions: 'null' }, 4006],
    ['a folder that is no path', { postProcessingInstructions: '{"materialisedPath":"Offers"}' }, 4006],
    [
      'a folder that is no path of ids',
      { postProcessingInstructions: '{"materialisedPath":"/Offers/"}' },
      4006,
    ],
    [
      'a folder without its last slash',
      { postProcessingInstructions: `{"materialisedPath":"${folder.slice(0, -1)}"}` },
      4006,
    ],
    ['an unknown field', { colour: 'red' }, 2001],
    ['an empty name', { name: ' ' }, 4008],
  ])('with %s is refused', async (_, fields, code) => {
    const answer = await uploadTo('jo@example.com', png, fields);
    expect(answer).toMatchObject({ status: 400, meta: { code: 400 }, response: { code } });
    expect(assetsOf('jo@example.com')).toEqual([]);
  });

  test.each<[string, FormFile, number]>([
    ['an empty file', { ...png, content: '' }, 4005],
    ['a file name without an extension', { ...png, filename: 'photo' }, 4013],
    ['a file over the limit for one file', { ...png, content: 'x'.repeat(11) }, 4004],
  ])('with %s is refused', async (_, file, code) => {
    const answer = await uploadTo('jo@example.com', file);
    expect(answer).toMatchObject({ status: 400, response: { code } });
  });

  test('is refused when the personal storage has no room left, unless that is unlimited', async () => {
    const file = (filename: string) => ({ filename, content: 'x'.repeat(10) });
    expect((await uploadTo('jo@example.com', file('a.png'))).status).toBe(201);
    expect(await uploadTo('jo@example.com', file('b.png'))).toMatchObject({
      status: 400,
      response: { code: 4004 },
    });
    const other = await startShowpadEmulator({
      users: [{ email: 'jo@example.com', myFiles: { totalSizeLimit: 0, isTotalUnlimited: true } }],
    });
    expect((await createV3Caller(other).uploadTo('jo@example.com', file('b.png'))).status).toBe(201);
    await other.close();
  });

  test.each([
    ['JSON', '{}', 'application/json', 5000],
    ['no boundary', '--edge--', 'multipart/form-data', 5000],
    ['a form without an end', '--edge\r\n', 'multipart/form-data; boundary=edge', 5000],
    ['an empty form', '--edge--\r\n', 'multipart/form-data; boundary=edge', 4008],
    [
      'a field twice',
      '--edge\r\nContent-Disposition: form-data; name="name"\r\n\r\na\r\n'.repeat(2) + '--edge--\r\n',
      'multipart/form-data; boundary=edge',
      2001,
    ],
    [
      'a file without a file name',
      '--edge\r\nContent-Disposition: form-data; name="file"\r\n\r\na\r\n--edge--\r\n',
      'multipart/form-data; boundary=edge',
      4005,
    ],
  ])('with a body that is %s is refused', async (_, body, contentType, code) => {
    const answer = await call('POST', '/divisions/jos-files/assets.json', {
      body: Buffer.from(body),
      headers: { 'content-type': contentType },
    });
    expect(answer).toMatchObject({ status: 400, response: { code } });
  });

  test('without a Content-Length is refused', async () => {
    const answer = await call('POST', '/divisions/jos-files/assets.json', {
      body: Readable.from([Buffer.from('--edge--\r\n')]),
      headers: { 'content-type': 'multipart/form-data; boundary=edge' },
    });
    expect(answer).toMatchObject({ status: 400, response: { code: 5000 } });
  });

  test.each(['unknown', 'library'])('to a Division that is %s is refused', async (kind) => {
    const id = kind === 'library' ? (showpad.divisions[0]?.id ?? '') : kind;
    expect(await uploadTo(id, png)).toMatchObject({ status: 404, response: { code: 3004 } });
  });

  test('without a token changes nothing', async () => {
    const form = { fields: requiredFields, file: png };
    expect((await call('POST', '/divisions/jos-files/assets.json', { form, token: null })).status).toBe(401);
    expect(assetsOf('jo@example.com')).toEqual([]);
  });
});
