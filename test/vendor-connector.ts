import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { acceptPayload } from '../lib/accept-payload.ts';
import { getServices } from '../lib/services.ts';
import type { EmulatedAsset } from '../local/showpad/asset-resource.ts';
import { startConnector, type Connector, type JobView } from './connector.ts';
import { clientId } from './fixtures/vendors/aem.ts';
import type { VendorDelivery } from './vendor-deliveries.ts';
import { startVendorServer, type VendorServer } from './vendor-server.ts';

type Sources = Record<string, Record<string, unknown> & { secrets: string[] }>;

/** The signing secret of every vendor that has one. */
export const secret = 'ab'.repeat(32);
/** The credential that is stored for the vendors' APIs. */
export const token = 'canary-token-of-the-portal';

/** The whole connector with a source of each kind, and the vendors' own servers. */
export interface VendorConnector {
  readonly connector: Connector;
  readonly vendor: VendorServer;
  readonly sources: Sources;
  /** Signs for Adobe. */
  readonly adobeKey: KeyObject;
  /** Posts what a vendor sends, and waits until nothing is left to do. */
  deliver(delivery: VendorDelivery): Promise<JobView[]>;
  /** Hands payloads over as a door does that has verified them, such as the one for SNS. */
  hand(source: string, ...payloads: unknown[]): Promise<JobView[]>;
  assetsOf(externalId: string): EmulatedAsset[];
  tagsOf(externalId: string): string[];
  /** How many files have been put to Showpad. */
  uploads(): number;
  stop(): Promise<void>;
}

const division = '0123456789abcdef0123456789abcdef';

function sourcesFor(origin: string, publicKey: string): Sources {
  const topicArn = 'arn:aws:sns:eu-west-1:123456789012:bynder-portal';
  const bynder = { adapter: 'bynder', secrets: [], portal: origin, delaySeconds: 0, division, topicArn };
  const signature = {
    header: 'x-signature',
    prefix: 'sha256=',
    content: '{timestamp}.{body}',
    timestamp: { header: 'x-time' },
  };
  const mapping = {
    event: {
      id: 'id',
      subject: 'sku',
      type: { path: 'what', table: { new: 'asset.upsert' } },
      time: 'when',
    },
    file: { url: 'sheet.link', name: 'sheet.file' },
    metadata: {
      name: { path: ['labels.en', 'labels.*'] },
      tags: { path: 'keywords', split: ',' },
      countries: { path: 'region', table: { DACH: ['DE', 'AT', 'CH'] } },
      isSensitive: { value: true },
    },
  };
  return {
    contentful: { adapter: 'contentful', secrets: [secret], division },
    cloudinary: { adapter: 'cloudinary', secrets: [secret], division },
    bynder,
    'bynder-late': { ...bynder, delaySeconds: 1 },
    'bynder-poor': bynder,
    aem: { adapter: 'aem', secrets: [], clientId, author: origin, publicKeys: [publicKey], division },
    pim: { adapter: 'hmac', secrets: [secret], division, signature, mapping },
  };
}

export async function startVendorConnector(): Promise<VendorConnector> {
  const vendor = await startVendorServer();
  const keys = generateKeyPairSync('rsa', { modulusLength: 2_048 });
  const sources = sourcesFor(
    vendor.origin,
    keys.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  );
  const connector = await startConnector({
    parameters: { SourceDeadlineSeconds: '0' },
    showpadEmulator: { divisions: [{ name: 'Marketing', id: division }] },
    sources,
    sourceCredentials: {
      bynder: { token },
      'bynder-late': { token },
      aem: { basic: { username: 'jo', password: token } },
    },
  });
  const { stack, showpad } = connector;
  const ended = async (ids: readonly string[]): Promise<JobView[]> => {
    await stack.settled(55_000);
    return Promise.all(ids.map((id) => connector.job(id)));
  };
  const assetsOf = (externalId: string) => showpad.assets.filter((one) => one.externalId === externalId);
  return {
    connector,
    vendor,
    sources,
    adobeKey: keys.privateKey,
    async deliver({ path, body, headers }) {
      const answer = await connector.post(path, body, headers);
      if (answer.status >= 300) throw new Error(`${answer.status}: ${JSON.stringify(answer.body)}`);
      return ended((answer.body as { jobs: { id: string }[] }).jobs.map(({ id }) => id));
    },
    async hand(name, ...payloads) {
      const services = getServices();
      const source = await services.sources.find(name);
      if (source === undefined) throw new Error(`There is no source ${name}.`);
      const ids: string[] = [];
      for (const payload of payloads) {
        const received = { headers: {}, body: Buffer.from(JSON.stringify(payload)), receivedAt: new Date() };
        ids.push(...(await acceptPayload(source, received, services)).map(({ job }) => job.id));
      }
      return ended(ids);
    },
    assetsOf,
    tagsOf(externalId) {
      const ids = assetsOf(externalId).flatMap(({ tags }) => tags.map(({ id }) => id));
      return showpad.tags
        .filter(({ id }) => ids.includes(id))
        .map(({ name }) => name)
        .toSorted();
    },
    uploads: () =>
      showpad.requests.filter(({ method, listener }) => method === 'PUT' && listener === 'upload').length,
    async stop() {
      vendor.close();
      await connector.stop();
    },
  };
}
