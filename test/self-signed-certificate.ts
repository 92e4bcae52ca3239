import { sign, type KeyObject } from 'node:crypto';

export interface CertificateSubject {
  readonly commonName: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly publicKey: KeyObject;
  /** An RSA key, of the same pair or another. */
  readonly privateKey: KeyObject;
}

/**
 * An X.509 certificate of version 1, as PEM: a name, a key, a time, and RSA-SHA256 over them.
 * https://www.rfc-editor.org/rfc/rfc5280#section-4.1
 */
export function selfSignedCertificate(subject: CertificateSubject): string {
  const { commonName, notBefore, notAfter, publicKey, privateKey } = subject;
  const algorithm = sequence(objectId(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b), der(0x05));
  const name = sequence(der(0x31, sequence(objectId(0x55, 0x04, 0x03), der(0x0c, Buffer.from(commonName)))));
  const validity = sequence(time(notBefore), time(notAfter));
  const key = publicKey.export({ type: 'spki', format: 'der' });
  const signed = sequence(der(0x02, Buffer.of(1)), algorithm, name, validity, name, key);
  const signature = der(0x03, Buffer.of(0), sign('sha256', signed, privateKey));
  const lines =
    sequence(signed, algorithm, signature)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}

/** One value as DER writes it: tag, length, content. */
function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const long = [length >> 16, (length >> 8) & 0xff, length & 0xff].filter(
    (byte, place) => byte > 0 || length >> (8 * (2 - place)) > 0,
  );
  const prefix = length < 0x80 ? [length] : [0x80 + long.length, ...long];
  return Buffer.concat([Buffer.of(tag, ...prefix), content]);
}

const sequence = (...parts: readonly Buffer[]): Buffer => der(0x30, ...parts);
const objectId = (...bytes: readonly number[]): Buffer => der(0x06, Buffer.from(bytes));

/** GeneralizedTime, to the second. */
function time(date: Date): Buffer {
  const digits = date.toISOString().slice(0, 19).replaceAll(/\D/g, '');
  return der(0x18, Buffer.from(`${digits}Z`));
}
