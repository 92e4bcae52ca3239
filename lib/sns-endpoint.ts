import { X509Certificate } from 'node:crypto';
import { readShortAnswer, type ShortAnswer } from './short-answer.ts';

export type ReadFromSns = (url: string) => Promise<ShortAnswer>;

interface Known {
  readonly certificate: X509Certificate | null;
  readonly until: number;
}

const certificateAgeMs = 24 * 3_600_000;
const missAgeMs = 300_000;
const mostKnown = 50;

/**
 * SNS, as far as it is asked over plain HTTPS, without credentials: for its certificates, and to confirm
 * subscriptions. Callers name only URLs of SNS.
 */
export class SnsEndpoint {
  readonly #read: ReadFromSns;
  readonly #now: () => number;
  readonly #found = new Map<string, Known>();
  readonly #missed = new Map<string, Known>();
  readonly #underWay = new Map<string, Promise<X509Certificate | null>>();

  constructor(read: ReadFromSns = readFromSns, now: () => number = Date.now) {
    this.#read = read;
    this.#now = now;
  }

  /**
   * The certificate at a URL, asked for once a day; null when there is none, and that is asked again after five
   * minutes. A stranger may name certificates that are not there: they push out none that is.
   * @throws {Error} when SNS cannot be asked
   */
  certificate = async (url: string): Promise<X509Certificate | null> => {
    for (const known of [this.#found, this.#missed]) {
      const one = known.get(url);
      if (one !== undefined && one.until > this.#now()) return one.certificate;
      known.delete(url);
    }
    const underWay = this.#underWay.get(url) ?? this.#look(url);
    this.#underWay.set(url, underWay);
    try {
      return await underWay;
    } finally {
      this.#underWay.delete(url);
    }
  };

  /**
   * Confirms a subscription; for one that is confirmed already nothing changes.
   * https://docs.aws.amazon.com/sns/latest/api/API_ConfirmSubscription.html
   * @returns false when SNS refuses, such as a token that is three days old
   * @throws {Error} when SNS could not be asked; neither it nor its causes name the link, which is a secret
   */
  async confirm(url: string): Promise<boolean> {
    let status: number;
    try {
      ({ status } = await this.#read(url));
    } catch {
      throw new Error('SNS could not be reached to confirm a subscription.');
    }
    if (status === 200) return true;
    if (status >= 400 && status < 500 && status !== 429) return false;
    throw new Error(`SNS answered ${status} to the confirmation of a subscription.`);
  }

  async #look(url: string): Promise<X509Certificate | null> {
    const now = this.#now();
    const { status, text } = await this.#read(url);
    if (status >= 500 || status === 429) throw new Error(`SNS answered ${status} for its certificate.`);
    const certificate = status === 200 ? parse(text) : null;
    if (certificate === null) remember(this.#missed, url, { certificate, until: now + missAgeMs });
    else remember(this.#found, url, { certificate, until: now + certificateAgeMs });
    return certificate;
  }
}

function remember(known: Map<string, Known>, url: string, one: Known): void {
  if (known.size >= mostKnown) known.delete(known.keys().next().value ?? '');
  known.set(url, one);
}

function parse(text: string): X509Certificate | null {
  try {
    return new X509Certificate(text);
  } catch {
    return null;
  }
}

/** An interface endpoint of SNS in a VPC has a private address; TLS says whether it is SNS. */
function readFromSns(url: string): Promise<ShortAnswer> {
  return readShortAnswer(url, { allowPrivateAddresses: true });
}
