import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import type { ItemKey } from './leases.ts';
import type { GrantCredentials } from './showpad/credentials.ts';

const algorithm = 'aes-256-gcm';
const nonceBytes = 12;
const tagBytes = 16;

/**
 * Locks what is stored for some credentials of an organisation, with a key derived from these credentials
 * (HKDF-SHA-256, AES-256-GCM): who can read the table but not the secret has nothing.
 */
export class TokenSeal {
  /** Of the item for these credentials: others, or those of another organisation, have another. */
  readonly itemKey: ItemKey;
  readonly #key: Buffer;

  /** @param organisation such as the URL of its API */
  constructor(credentials: GrantCredentials, organisation: string) {
    const parts =
      credentials.grant === 'password'
        ? [credentials.username, credentials.password]
        : [credentials.refreshToken];
    const { grant, clientId, clientSecret } = credentials;
    const secret = JSON.stringify([grant, clientId, clientSecret, ...parts]);
    const derive = (use: string, bytes: number): Buffer =>
      Buffer.from(hkdfSync('sha256', secret, organisation, `showpad-connector ${use}`, bytes));
    this.#key = derive('token key', 32);
    this.itemKey = { pk: `TOKEN#${organisation}`, sk: `CREDENTIALS#${derive('item', 16).toString('hex')}` };
  }

  seal(text: string): string {
    const nonce = randomBytes(nonceBytes);
    const cipher = createCipheriv(algorithm, this.#key, nonce, { authTagLength: tagBytes });
    cipher.setAAD(this.#place());
    const locked = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
    return Buffer.concat([nonce, cipher.getAuthTag(), locked]).toString('base64');
  }

  /** What was sealed with the same credentials for the same item; null for anything else. */
  open(sealed: string): string | null {
    const bytes = Buffer.from(sealed, 'base64');
    if (bytes.length < nonceBytes + tagBytes) return null;
    try {
      const nonce = bytes.subarray(0, nonceBytes);
      const decipher = createDecipheriv(algorithm, this.#key, nonce, { authTagLength: tagBytes });
      decipher.setAAD(this.#place());
      decipher.setAuthTag(bytes.subarray(nonceBytes, nonceBytes + tagBytes));
      const locked = bytes.subarray(nonceBytes + tagBytes);
      return Buffer.concat([decipher.update(locked), decipher.final()]).toString('utf8');
    } catch {
      return null;
    }
  }

  /** A sealed text that is moved to another item opens nowhere. */
  #place(): Buffer {
    return Buffer.from(`${this.itemKey.pk}\n${this.itemKey.sk}`);
  }
}
