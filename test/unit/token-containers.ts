import { setTimeout as delay } from 'node:timers/promises';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { beforeEach } from 'vitest';
import { Items } from '../../lib/items.ts';
import { TryAgain } from '../../lib/reasons.ts';
import { itemRetentionSeconds, SharedToken, type SharedTokenOptions } from '../../lib/shared-token.ts';
import type { GrantCredentials } from '../../lib/showpad/credentials.ts';
import type { TokenGrant } from '../../lib/showpad/oauth-answer.ts';
import { CredentialsRefused } from '../../lib/showpad/oauth.ts';
import { TokenStore } from '../../lib/stored-token.ts';
import { useEmbeddedTable } from './embedded-table.ts';

export const client = { clientId: 'client', clientSecret: 'client-secret' };

export function password(username: string): GrantCredentials {
  return { grant: 'password', ...client, username, password: 'canary-password' };
}

/** A token endpoint whose refresh tokens work once. */
export class OneUseEndpoint {
  lifetimeSeconds = 3_600;
  /** What was asked with: a user name, or a refresh token. */
  readonly asked: string[] = [];
  readonly accessTokens: string[] = [];
  /** Happens before it answers. */
  onAsk: () => Promise<void> | void = () => undefined;
  /** Happens after it has used up the refresh token. */
  onAnswer: () => Promise<void> | void = () => undefined;
  #refreshToken: string;

  constructor(refreshToken = 'refresh-0') {
    this.#refreshToken = refreshToken;
  }

  async ask(credentials: GrantCredentials): Promise<TokenGrant> {
    this.asked.push(credentials.grant === 'password' ? credentials.username : credentials.refreshToken);
    await this.onAsk();
    if (credentials.grant === 'refresh_token') {
      if (credentials.refreshToken !== this.#refreshToken) throw new CredentialsRefused('invalid_grant');
      this.#refreshToken = `refresh-${this.asked.length}`;
    }
    const accessToken = `access-${this.asked.length}`;
    const refreshToken = this.#refreshToken;
    this.accessTokens.push(accessToken);
    await this.onAnswer();
    return { accessToken, lifetimeSeconds: this.lifetimeSeconds, refreshToken };
  }
}

export interface Place {
  readonly database: DynamoDBDocumentClient;
  readonly tableName: string;
}

export const organisation = 'https://acme.showpad.biz/api/v3';

export function storeOf({ database, tableName }: Place, credentials: GrantCredentials): TokenStore {
  const items = new Items(database, tableName, itemRetentionSeconds, () => new Date());
  return new TokenStore(items, credentials, organisation);
}

/** The shared token as one container sees it; it waits for others twenty times as fast. */
export function container(
  place: Place,
  credentials: GrantCredentials,
  endpoint: OneUseEndpoint,
  options: Partial<SharedTokenOptions> = {},
): SharedToken {
  return new SharedToken({
    store: storeOf(place, credentials),
    credentials,
    ask: (grant) => endpoint.ask(grant),
    requestTimeoutMs: 10_000,
    sleep: (delayMs) => delay(delayMs / 20),
    ...options,
  });
}

/** The clock, the endpoint and the credentials of a test, each test with an item of its own. */
export class TokenRig {
  readonly table = useEmbeddedTable();
  now = 0;
  endpoint = new OneUseEndpoint();
  credentials: GrantCredentials = password('nobody');
  tests = 0;

  constructor() {
    beforeEach(() => {
      this.tests += 1;
      this.now = Date.parse('2026-01-01T00:00:00Z');
      this.endpoint = new OneUseEndpoint();
      const clientSecret = `canary-secret-${this.tests}`;
      this.credentials = { grant: 'refresh_token', ...client, clientSecret, refreshToken: 'refresh-0' };
    });
  }

  /** One more container. */
  start(options: Partial<SharedTokenOptions> = {}): SharedToken {
    const settings = { now: () => this.now, random: () => 0.5, ...options };
    return container(this.table(), this.credentials, this.endpoint, settings);
  }

  /** Begins with another endpoint. */
  fresh(): OneUseEndpoint {
    this.endpoint = new OneUseEndpoint();
    return this.endpoint;
  }

  later(seconds: number): void {
    this.now += seconds * 1_000;
  }

  async obtain(token: SharedToken, refused: string | null = null): Promise<string> {
    return (await token.obtain(refused)).token;
  }

  /** What puts the work off that asks. */
  async putOff(token: SharedToken): Promise<TryAgain> {
    const error: unknown = await token.obtain(null).catch((reason: unknown) => reason);
    if (error instanceof TryAgain) return error;
    throw new Error(`It was not put off: ${String(error)}`);
  }
}
