import { setTimeout as delay } from 'node:timers/promises';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { Items } from '../../lib/items.ts';
import { itemRetentionSeconds, SharedToken, type SharedTokenOptions } from '../../lib/shared-token.ts';
import type { GrantCredentials } from '../../lib/showpad/credentials.ts';
import type { TokenGrant } from '../../lib/showpad/oauth-answer.ts';
import { CredentialsRefused } from '../../lib/showpad/oauth.ts';
import { TokenStore } from '../../lib/stored-token.ts';

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
