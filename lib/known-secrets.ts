import { withoutSecrets } from './without-secrets.ts';

const shortest = 8;
const secretKey = /secret|token|password|username|key/i;

/** The secrets that this container has read, so that none of them is ever written, whatever it looks like there. */
export class KnownSecrets {
  readonly #values = new Set<string>();

  /** Notes the values of a secret's JSON that stand under keys such as `secrets`, `token` and `password`. */
  learn(json: string): void {
    let value: unknown;
    try {
      value = JSON.parse(json);
    } catch {
      this.#note(json);
      return;
    }
    this.#gather(value, false);
  }

  /** A text without any of them, and without what is recognised as a secret. */
  hide(text: string): string {
    let hidden = text;
    for (const value of this.#values) {
      if (hidden.includes(value)) hidden = hidden.replaceAll(value, '…');
    }
    return withoutSecrets(hidden);
  }

  #gather(value: unknown, isSecret: boolean): void {
    if (typeof value === 'string') {
      if (isSecret) this.#note(value);
    } else if (typeof value === 'object' && value !== null) {
      for (const [key, item] of Object.entries(value) as [string, unknown][]) {
        this.#gather(item, isSecret || secretKey.test(key));
      }
    }
  }

  #note(value: string): void {
    const bare = value.replace(/^whsec_/, '');
    for (const text of [value, bare]) if (text.length >= shortest) this.#values.add(text);
  }
}
