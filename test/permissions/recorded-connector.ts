import { CreateMultipartUploadCommand } from '@aws-sdk/client-s3';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { request } from 'undici';
import { parseTemplate } from '../../local/intrinsics.ts';
import { startShowpadEmulator } from '../../local/showpad/showpad-emulator.ts';
import { startConnector, type Connector } from '../connector.ts';
import { hardshipsOf, type Hardships } from '../integration/hardships.ts';
import { samTemplateSchema } from '../sam-template.ts';
import { at, target } from '../template-rules/rule.ts';
import { clientId } from '../fixtures/vendors/aem.ts';
import { startVendorServer, type VendorServer } from '../vendor-server.ts';
import { AwsCallLog, type StandIn } from './aws-call-log.ts';
import { permissionsOf, type LogicalId, type Permission } from './iam-permissions.ts';
import type { Recording } from './least-privilege.ts';

/** A connector whose functions' calls to AWS are recorded. */
export interface RecordedConnector {
  readonly connector: Connector;
  readonly hardships: Hardships;
  /** Where its vendors' files are. */
  readonly vendor: VendorServer;
  /** Signs for Adobe. */
  readonly adobeKey: KeyObject;
  /** Leaves parts of a file behind, as a stager does that dies. */
  readonly abandonUpload: () => Promise<void>;
  /**
   * Puts a body to a link that a function has signed, or reads what is there: S3 then asks what the function may do.
   * https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-presigned-url.html
   */
  readonly useLink: (functionName: string, link: string, body?: string) => Promise<string>;
  readonly recording: () => Recording;
  readonly stop: () => Promise<void>;
}

/** The signing secret of Contentful. */
export const vendorSecret = 'ab'.repeat(32);
export const secrets = [`whsec_${Buffer.from('a secret of these stories').toString('base64')}`];
const divisionId = '0123456789abcdef0123456789abcdef';
const oauthClient = { clientId: 'connector', clientSecret: 'client-secret' };
const login = { username: 'bot@example.com', password: 'password' };
const templateUrl = new URL('../../template.yaml', import.meta.url);

/** Starts a connector that signs in by OAuth, deletes for good, and gives a message up after two receives. */
export async function startRecordedConnector(): Promise<RecordedConnector> {
  const directory = await mkdtemp(join(tmpdir(), 'recorded-'));
  const templateFile = join(directory, 'template.yaml');
  const source = await readFile(templateUrl, 'utf8');
  await writeFile(templateFile, source.replaceAll(/maxReceiveCount: \d+/g, 'maxReceiveCount: 2'));
  const showpad = await startShowpadEmulator({
    oauthClients: [oauthClient],
    divisions: [{ name: 'Marketing', id: divisionId, isAssetSharingEnabled: true }],
    users: [
      { email: login.username, password: login.password, isTokenOwner: true },
      { email: 'jo@example.com' },
      { email: 'sam@example.com' },
    ],
    switches: { processingMs: 5 },
  });
  const { v4Url, v3Url } = showpad;
  const vendor = await startVendorServer();
  const keys = generateKeyPairSync('rsa', { modulusLength: 2_048 });
  const publicKey = keys.publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const log = new AwsCallLog();
  const abandoned: { Key: string; UploadId: string | undefined }[] = [];
  // So few that every delivery is counted in the table.
  const demo = {
    adapter: 'cloudevents',
    secrets,
    division: divisionId,
    onDelete: 'delete',
    eventsPerMinute: 16,
  };
  const connector = await startConnector(
    {
      templateFile,
      aroundInvocation: log.around,
      onLog: () => undefined,
      parameters: { TicketPollSeconds: '1' },
      sources: {
        demo,
        contentful: { adapter: 'contentful', secrets: [vendorSecret], division: divisionId },
        aem: {
          adapter: 'aem',
          secrets: [],
          clientId,
          author: vendor.origin,
          publicKeys: [publicKey],
          division: divisionId,
        },
      },
      sourceCredentials: { aem: { basic: { username: 'jo', password: 'password' } } },
      showpad: { v4Url, v3Url, credentials: { grant: 'password', ...oauthClient, ...login } },
    },
    showpad,
  );
  const { stack } = connector;
  const unwatch = log.watch(listingOf(abandoned));
  return {
    connector,
    hardships: hardshipsOf(connector),
    vendor,
    adobeKey: keys.privateKey,
    abandonUpload: async () => {
      const Key = 'staged/job_unknown/abandoned';
      const place = { Bucket: stack.buckets['staging'], Key };
      const { UploadId } = await stack.clients.s3.send(new CreateMultipartUploadCommand(place));
      abandoned.push({ Key, UploadId });
    },
    useLink: async (functionName, link, body) => {
      const method = body === undefined ? 'GET' : 'PUT';
      const answer = await request(link, { method, ...(body !== undefined && { body }) });
      const [, Bucket = '', ...parts] = new URL(link).pathname.split('/');
      const command = body === undefined ? 'GetObjectCommand' : 'PutObjectCommand';
      const input = { Bucket, Key: parts.map(decodeURIComponent).join('/') };
      log.calls.push({ functionName, command, input, error: undefined });
      if (answer.statusCode !== 200) throw new Error(`S3 answered ${answer.statusCode} for ${link}.`);
      return answer.body.text();
    },
    recording: () => {
      const recording = new Map<string, Set<Permission>>(log.functionNames.map((name) => [name, new Set()]));
      const logicalId = logicalIdsOf(source, connector);
      for (const call of log.calls) {
        for (const one of permissionsOf(call, logicalId)) recording.get(call.functionName)?.add(one);
      }
      return recording;
    },
    stop: async () => {
      unwatch();
      vendor.close();
      await connector.stop();
      await showpad.close();
      await rm(directory, { recursive: true });
    },
  };
}

/** The S3 emulator lists no multipart uploads: these are what it would list, begun two hours ago. */
function listingOf(abandoned: readonly object[]): StandIn {
  return (command) => {
    if (command !== 'ListMultipartUploadsCommand') return undefined;
    const Initiated = new Date(Date.now() - 2 * 3_600_000);
    return { Uploads: abandoned.map((upload) => ({ ...upload, Initiated })) };
  };
}

/** What the functions' environment and the queues' URLs name, by the template. */
function logicalIdsOf(source: string, { stack }: Connector): LogicalId {
  const { Globals } = samTemplateSchema.parse(parseTemplate(source));
  const variables = Object.entries(at(Globals.Function, 'Environment', 'Variables') ?? {});
  const ids = new Map([
    ...variables.map(([name, value]) => [process.env[name] ?? '', target(value) ?? ''] as const),
    ...Object.entries(stack.queues).map(
      ([name, url]) => [url, `${name.slice(0, 1).toUpperCase()}${name.slice(1)}Queue`] as const,
    ),
  ]);
  return (name) => {
    const id = ids.get(name);
    if (id === undefined) throw new Error(`Nobody knows which resource of the template ${name} is.`);
    return id;
  };
}
