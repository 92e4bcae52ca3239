import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import type { Items } from './items.ts';
import type { GrantCredentials } from './showpad/credentials.ts';
import { TokenSeal } from './token-seal.ts';

const tokenSchema = z.object({
  accessToken: z.string(),
  /** When it was asked for, and when it ends, in milliseconds since 1970. */
  issuedAt: z.number(),
  expiresAt: z.number(),
  /** It took the place of one that was refused before its end. */
  isReplacement: z.boolean(),
  /** What the next one is asked for with; null where that is what the secret holds. */
  refreshToken: z.string().nullable(),
});
export type AccessToken = Readonly<z.output<typeof tokenSchema>>;

/** Why nobody asks the token endpoint for a while. */
export interface Pause {
  /** In milliseconds since 1970. */
  readonly until: number;
  readonly why: string;
  readonly isRefusal: boolean;
  /** How often in a row it came to a pause. */
  readonly failures: number;
}

const itemSchema = z.object({
  version: z.number(),
  sealed: z.string().optional().catch(undefined),
  pause: z
    .object({ until: z.number(), why: z.string(), isRefusal: z.boolean(), failures: z.number() })
    .nullable()
    .default(null)
    .catch(null),
});

/** The item as it was read; `version` counts the tokens that were stored, and is null while there is no item. */
export interface StoredToken {
  readonly version: number | null;
  readonly token: AccessToken | null;
  readonly pause: Pause | null;
}

/** The right of one caller to ask for the token that comes after the one of `version`. */
export interface RenewalRight {
  readonly version: number;
  readonly renewer: string;
}

/**
 * The item that all containers share for one organisation and its credentials. Each write is conditional on the
 * version that its writer has read, so that of all that was asked for on one basis one is stored, and a token that
 * was used to get another is not used again. Errors are those of the AWS SDK.
 */
export class TokenStore {
  readonly seal: TokenSeal;
  readonly #items: Items;

  constructor(items: Items, credentials: GrantCredentials, organisation: string) {
    this.#items = items;
    this.seal = new TokenSeal(credentials, organisation);
  }

  /** An item that was tampered with, or sealed with other credentials, has no token. */
  async read(): Promise<StoredToken> {
    const item = await this.#items.read<unknown>(this.seal.itemKey);
    if (item === null) return { version: null, token: null, pause: null };
    const { version, sealed, pause } = itemSchema.parse(item);
    return { version, token: sealed === undefined ? null : this.#open(sealed), pause };
  }

  /**
   * Takes the right to renew the token that was read; null while another has it or nobody may ask, or when it
   * has been renewed since.
   * @param until when it ends, in milliseconds since 1970
   */
  async takeRight({ version }: StoredToken, now: number, until: number): Promise<RenewalRight | null> {
    const key = this.seal.itemKey;
    const right = { version: version ?? 0, renewer: randomUUID() };
    const changes = { ...right, renewingUntil: until };
    if (version === null && (await this.#items.create(key, changes))) return right;
    // The SDK repeats a request whose answer was lost: the right is then this very caller's.
    const isTaken = await this.#items.change(key, changes, {
      condition: [
        '#version = :version',
        '(attribute_not_exists(renewingUntil) OR renewingUntil < :now OR renewer = :renewer)',
        // Others may have run into it since the item was read.
        '(attribute_not_exists(#pause.#until) OR #pause.#until <= :now)',
      ].join(' AND '),
      names: { '#version': 'version', '#pause': 'pause', '#until': 'until' },
      values: { ':version': right.version, ':now': now, ':renewer': right.renewer },
    });
    return isTaken ? right : null;
  }

  /**
   * Stores a token and gives the right back, in one write; false when another has been stored since. The right need
   * not last: what was got is worth more than nothing.
   * @param expiresAt of the item, in seconds since 1970
   */
  store({ version }: RenewalRight, token: AccessToken, expiresAt: number): Promise<boolean> {
    const changes = {
      version: version + 1,
      sealed: this.seal.seal(JSON.stringify(token)),
      renewer: undefined,
      renewingUntil: undefined,
      pause: undefined,
      expiresAt,
    };
    return this.#items.change(this.seal.itemKey, changes, {
      condition: '#version = :version',
      names: { '#version': 'version' },
      values: { ':version': version },
    });
  }

  /** Keeps everybody from asking for a while, and gives the right back; false when it was lost meanwhile. */
  pause({ version, renewer }: RenewalRight, pause: Pause): Promise<boolean> {
    return this.#items.change(
      this.seal.itemKey,
      { pause, renewingUntil: undefined },
      {
        condition: '#version = :version AND renewer = :renewer',
        names: { '#version': 'version' },
        values: { ':version': version, ':renewer': renewer },
      },
    );
  }

  /** Gives the right back unused. */
  async release({ version, renewer }: RenewalRight): Promise<void> {
    await this.#items.change(
      this.seal.itemKey,
      { renewer: undefined, renewingUntil: undefined },
      {
        condition: '#version = :version AND renewer = :renewer',
        names: { '#version': 'version' },
        values: { ':version': version, ':renewer': renewer },
      },
    );
  }

  #open(sealed: string): AccessToken | null {
    const text = this.seal.open(sealed);
    return text === null ? null : (tokenSchema.safeParse(JSON.parse(text)).data ?? null);
  }
}
