import { readFileSync } from 'node:fs';
import { createServer as createPlainServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { trusted } from '../../local/child.ts';
import { listen } from '../../local/listen.ts';
import { serveParent } from '../../local/parent.ts';
import type { CertificateFiles } from './certificate.ts';
import { createStore } from './store.ts';

export interface StoreSettings {
  /** Without one the store speaks http only. */
  readonly certificate: CertificateFiles | null;
}

/** Base URLs of one store. */
export interface StoreUrls {
  readonly http: string;
  readonly https: string | null;
}

const highWaterMark = 1024 * 1024;

serveParent(trusted<StoreSettings>(), async ({ certificate }) => {
  const { listener, takeReceivedBytes } = createStore();
  const plain = await listen(createPlainServer({ highWaterMark }, listener));
  const secured =
    certificate === null
      ? null
      : await listen(
          createTlsServer(
            {
              highWaterMark,
              cert: readFileSync(certificate.certificateFile),
              key: readFileSync(certificate.keyFile),
            },
            listener,
          ),
        );
  const ready: StoreUrls = { http: plain.url, https: secured?.url.replace(/^http:/, 'https:') ?? null };
  return {
    ready,
    methods: { takeReceivedBytes },
    stop: async () => {
      await Promise.all([plain.close(), secured?.close()]);
    },
  };
});
