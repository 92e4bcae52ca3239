import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Switches } from './switches.ts';

export interface OAuthClientSeed {
  readonly clientId: string;
  readonly clientSecret: string;
}

interface IssuedToken {
  readonly userId: string;
  readonly clientId: string;
  readonly expiresAtMs: number;
}

/** What the token endpoint hands out. */
export interface IssuedTokens {
  readonly accessToken: string;
  readonly lifetimeSeconds: number;
  /** Undefined where the one that was used stays the only one. */
  readonly refreshToken: string | undefined;
}

/** The OAuth clients of the organisation, its users' passwords, and the tokens that are in circulation. */
export class EmulatedOAuth {
  readonly clients = new Map<string, string>();
  /** By user id. */
  readonly passwords = new Map<string, string>();
  private readonly accessTokens = new Map<string, IssuedToken>();
  private readonly refreshTokens = new Map<string, IssuedToken>();
  private readonly switches: Switches;
  private readonly now: () => number;

  constructor(switches: Switches, now: () => number) {
    this.switches = switches;
    this.now = now;
  }

  knowsClient(clientId: string, clientSecret: string): boolean {
    return matches(this.clients.get(clientId), clientSecret);
  }

  isPassword(userId: string, password: string): boolean {
    return matches(this.passwords.get(userId), password);
  }

  /** The user that an access token acts as; undefined when it is unknown, or was valid. */
  userOf(accessToken: string): string | undefined {
    const issued = this.accessTokens.get(accessToken);
    return issued !== undefined && this.now() < issued.expiresAtMs ? issued.userId : undefined;
  }

  /** Tokens for a user who has logged in. */
  logIn(userId: string, clientId: string): IssuedTokens {
    return {
      ...this.issueAccessToken(userId, clientId),
      refreshToken: this.issueRefreshToken(userId, clientId),
    };
  }

  /** Tokens for a refresh token; undefined when it is not, or no longer, valid for this client. */
  refresh(refreshToken: string, clientId: string): (IssuedTokens & { readonly userId: string }) | undefined {
    const issued = this.refreshTokens.get(refreshToken);
    if (issued?.clientId !== clientId || this.now() >= issued.expiresAtMs) return undefined;
    const { userId } = issued;
    const rotation = this.switches.refreshTokenRotation;
    if (rotation === 'old-dies') this.refreshTokens.delete(refreshToken);
    const next = rotation === 'none' ? undefined : this.issueRefreshToken(userId, clientId);
    return { ...this.issueAccessToken(userId, clientId), refreshToken: next, userId };
  }

  revokeAccessTokens(): void {
    this.accessTokens.clear();
  }

  private issueAccessToken(userId: string, clientId: string) {
    const accessToken = randomBytes(24).toString('hex');
    const lifetimeSeconds = this.switches.accessTokenSeconds;
    const expiresAtMs = this.now() + lifetimeSeconds * 1000;
    this.accessTokens.set(accessToken, { userId, clientId, expiresAtMs });
    return { accessToken, lifetimeSeconds };
  }

  private issueRefreshToken(userId: string, clientId: string): string {
    const refreshToken = randomBytes(24).toString('hex');
    const expiresAtMs = this.now() + this.switches.refreshTokenSeconds * 1000;
    this.refreshTokens.set(refreshToken, { userId, clientId, expiresAtMs });
    return refreshToken;
  }
}

/** Whether a secret is the one that was given, told without a hint at how much of it is. */
export function matches(secret: string | undefined, given: string): boolean {
  return secret !== undefined && timingSafeEqual(digest(secret), digest(given));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
