import { GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { describe, expect, it } from 'vitest';
import type { GrantCredentials } from '../../lib/showpad/credentials.ts';
import { TokenSeal } from '../../lib/token-seal.ts';
import { useEmbeddedTable } from './embedded-table.ts';
import { client, container, OneUseEndpoint, organisation, password, storeOf } from './token-containers.ts';

const table = useEmbeddedTable();
const refreshToken = (text: string): GrantCredentials => ({
  grant: 'refresh_token',
  ...client,
  refreshToken: text,
});

async function rawItem(credentials: GrantCredentials): Promise<Record<string, unknown>> {
  const { database, tableName } = table();
  const { itemKey: Key } = new TokenSeal(credentials, organisation);
  const { Item } = await database.send(new GetCommand({ TableName: tableName, Key }));
  return Item ?? {};
}

describe('the item of the shared token', () => {
  it('shows nothing of the tokens or the credentials, and ends', async () => {
    const credentials = refreshToken('canary-first');
    const endpoint = new OneUseEndpoint('canary-first');
    await container(table(), credentials, endpoint).obtain(null);
    const item = await rawItem(credentials);
    const text = JSON.stringify(item);
    for (const secret of ['access-1', 'refresh-1', 'canary', 'client-secret'])
      expect(text).not.toContain(secret);
    const sealed = Buffer.from(String(item['sealed']), 'base64').toString('latin1');
    expect(sealed).not.toContain('access-1');
    expect(Object.keys(item).toSorted()).toEqual(['expiresAt', 'pk', 'sealed', 'sk', 'version', 'writer']);
    const days = (Number(item['expiresAt']) - Date.now() / 1_000) / 86_400;
    expect(days).toBeCloseTo(100, 1);
  });

  it('is sealed anew each time', async () => {
    const seal = new TokenSeal(password('jo'), organisation);
    expect(seal.seal('text')).not.toBe(seal.seal('text'));
    expect(seal.open(seal.seal('text'))).toBe('text');
  });

  const mine = password('jo');
  it.each<[string, GrantCredentials, string]>([
    ['another user', password('sam'), organisation],
    ['another password', { ...password('jo'), password: 'other' } as GrantCredentials, organisation],
    ['another client secret', { ...mine, clientSecret: 'other' }, organisation],
    ['another organisation', mine, 'https://other.showpad.biz/api/v3'],
  ])('opens only with its own secret: not with that of %s', (_whose, credentials, place) => {
    const seal = new TokenSeal(mine, organisation);
    const other = new TokenSeal(credentials, place);
    expect(other.itemKey).not.toEqual(seal.itemKey);
    expect(other.open(seal.seal('text'))).toBeNull();
  });

  it('opens in its own place only', () => {
    const seal = new TokenSeal(mine, organisation);
    const moved = new TokenSeal(mine, organisation);
    Object.assign(moved, { itemKey: { ...seal.itemKey, sk: 'CREDENTIALS#elsewhere' } });
    expect(moved.open(seal.seal('text'))).toBeNull();
  });

  const flipped = (sealed: string, at: number): string => {
    const bytes = Buffer.from(sealed, 'base64');
    bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
    return bytes.toString('base64');
  };
  it.each<[string, (sealed: string) => unknown]>([
    ['the nonce', (sealed) => flipped(sealed, 0)],
    ['the tag', (sealed) => flipped(sealed, 12)],
    ['the text', (sealed) => flipped(sealed, 28)],
    ['its end', (sealed) => sealed.slice(0, -8)],
    ['all of it', () => ''],
    ['its type', () => 7],
  ])('counts as empty when somebody has changed %s', async (what, change) => {
    const credentials = password(`changed-${what}`);
    const endpoint = new OneUseEndpoint();
    await container(table(), credentials, endpoint).obtain(null);
    const { pk, sk, sealed } = await rawItem(credentials);
    const { database, tableName: TableName } = table();
    await database.send(
      new UpdateCommand({
        TableName,
        Key: { pk, sk },
        UpdateExpression: 'SET sealed = :sealed',
        ExpressionAttributeValues: { ':sealed': change(String(sealed)) },
      }),
    );
    expect((await storeOf(table(), credentials).read()).token).toBeNull();
    expect((await container(table(), credentials, endpoint).obtain(null)).token).toBe('access-2');
  });
});
