import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

export interface CertificateFiles {
  readonly certificateFile: string;
  readonly keyFile: string;
}

/**
 * Makes a certificate for 127.0.0.1 that is its own authority, with openssl.
 * @throws {Error} when there is no openssl, or it fails
 */
export async function makeCertificate(folder: string): Promise<CertificateFiles> {
  const certificateFile = join(folder, 'certificate.pem');
  const keyFile = join(folder, 'key.pem');
  const name = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', keyFile];
  await promisify(execFile)('openssl', [
    'req',
    '-x509',
    '-days',
    '2',
    ...name,
    ...key,
    '-out',
    certificateFile,
  ]);
  return { certificateFile, keyFile };
}
