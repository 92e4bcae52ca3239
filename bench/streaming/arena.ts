import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { startChild, trusted } from '../../local/child.ts';
import { makeCertificate, type CertificateFiles } from './certificate.ts';
import { isInstalled } from './contestants.ts';
import type { StoreSettings, StoreUrls } from './store-process.ts';

/** A source and a target in processes of their own. */
export interface Arena {
  readonly folder: string;
  readonly source: StoreUrls;
  readonly target: StoreUrls;
  /** Null without openssl; then there is no https either. */
  readonly authorityFile: string | null;
  /** Bytes that arrived at the target since the last call. */
  readonly takeReceivedBytes: () => Promise<number>;
  readonly close: () => Promise<void>;
}

export async function openArena(): Promise<Arena> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-'));
  const certificate = (await isInstalled('openssl')) ? await makeCertificate(folder) : null;
  const source = await startStore('source', certificate);
  const target = await startStore('target', certificate);
  return {
    folder,
    source: source.ready,
    target: target.ready,
    authorityFile: certificate?.certificateFile ?? null,
    takeReceivedBytes: () => target.call(z.number(), 'takeReceivedBytes'),
    close: async () => {
      await Promise.all([source.stop(), target.stop()]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function startStore(name: string, certificate: CertificateFiles | null) {
  return startChild({
    name,
    file: fileURLToPath(new URL('store-process.ts', import.meta.url)),
    settings: { certificate } satisfies StoreSettings,
    ready: trusted<StoreUrls>(),
    onLog: console.error,
    onEnd: console.error,
  });
}
