import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { findConnection } from '../../cli/connection.ts';

const v4Url = 'https://acme.api.showpad.com/v4';
const v3Url = 'https://acme.showpad.biz/api/v3';

function readyFile(content: unknown): string {
  const directory = mkdtempSync(join(tmpdir(), 'reader-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const file = join(directory, 'ready.json');
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
}

describe('the reader', () => {
  it.each([
    ['SHOWPAD_TOKEN', 'canary'],
    ['SHOWPAD_CREDENTIALS', '{"token":"canary"}'],
  ])('reads the organisation of SHOWPAD_V4_URL with %s, whatever local system runs', async (name, value) => {
    const environment = { SHOWPAD_V4_URL: `${v4Url}/`, [name]: value, CONNECTOR_READY_FILE: '/absent.json' };
    expect(await findConnection(environment)).toEqual({ v4Url, v3Url, access: 'canary', tokenFrom: name });
  });

  it('reads the emulator of the local system with the token of the ready file', async () => {
    const file = readyFile({
      api: 'x',
      showpad: { v4: 'http://127.0.0.1:5/v4', v3: v3Url, token: 'emulated' },
    });
    const environment = { SHOWPAD_V4_URL: '', SHOWPAD_TOKEN: 'mine', CONNECTOR_READY_FILE: file };
    expect(await findConnection(environment)).toEqual({
      v4Url: 'http://127.0.0.1:5/v4',
      v3Url,
      access: 'emulated',
      tokenFrom: 'the ready file',
    });
  });

  it('reads the organisation that the local system uses with a token of its own', async () => {
    const file = readyFile({ showpad: { v4: v4Url, v3: v3Url } });
    const found = await findConnection({ CONNECTOR_READY_FILE: file, SHOWPAD_TOKEN: 'canary' });
    expect(found).toEqual({ v4Url, v3Url, access: 'canary', tokenFrom: 'SHOWPAD_TOKEN' });
    await expect(findConnection({ CONNECTOR_READY_FILE: file })).rejects.toThrow(
      'SHOWPAD_TOKEN or SHOWPAD_CREDENTIALS is needed',
    );
  });

  const grant =
    '{"grant":"refresh_token","clientId":"canary","clientSecret":"canary","refreshToken":"canary"}';
  it.each<[string, Record<string, string>, string]>([
    ['no setting', {}, 'Which Showpad? Set SHOWPAD_V4_URL'],
    ['no token', { SHOWPAD_V4_URL: v4Url }, 'SHOWPAD_TOKEN or SHOWPAD_CREDENTIALS is needed'],
    [
      'two tokens',
      { SHOWPAD_V4_URL: v4Url, SHOWPAD_TOKEN: 'canary', SHOWPAD_CREDENTIALS: grant },
      'two ways',
    ],
    [
      'a wrong address',
      { SHOWPAD_V4_URL: 'canary', SHOWPAD_TOKEN: 'canary' },
      'must be an http or https URL',
    ],
    ['a token in two pieces', { SHOWPAD_V4_URL: v4Url, SHOWPAD_TOKEN: 'a canary' }, 'a token with spaces'],
    [
      'a refresh token',
      { SHOWPAD_V4_URL: v4Url, SHOWPAD_CREDENTIALS: grant },
      'CREDENTIALS holds a refresh token, which can be used once',
    ],
    ['no file', { CONNECTOR_READY_FILE: '/absent.json' }, '/absent.json, which cannot be read'],
    ['another file', { CONNECTOR_READY_FILE: import.meta.filename }, 'is no ready file of npm start'],
  ])('says what to set when there is %s, and no value', async (_name, environment, message) => {
    const error: unknown = await findConnection(environment).catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      name: 'ReaderError',
      exitCode: 2,
      message: expect.stringContaining(message),
    });
    expect(String(error)).not.toContain('canary');
  });
});
