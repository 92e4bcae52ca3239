import { createHash, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { request } from 'undici';
import { startStack, type Stack } from '../local/stack.ts';
import type { StackOptions } from '../local/stack-options.ts';
import type { EmulatedAsset } from '../local/showpad/asset-resource.ts';
import type { ShowpadEmulator } from '../local/showpad/showpad-emulator.ts';
import { loadV3Contract } from './contract/openapi-v3.ts';
import { loadShowpadContract } from './contract/openapi.ts';

export interface JobView {
  readonly id: string;
  readonly type: string;
  readonly subject: string;
  readonly state: string;
  readonly showpad: { readonly assetId: string | null; readonly fileId: string | null };
  readonly error: { readonly code: string; readonly message: string; readonly retryable: boolean } | null;
}

export interface Answer<Body = unknown> {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Body;
}

type Serve = (request: IncomingMessage, response: ServerResponse) => void;

/** The whole connector in this process, a file server for its sources, and a sender that signs. */
export interface Connector {
  readonly stack: Stack;
  readonly showpad: ShowpadEmulator;
  /** Serves these bytes, or whatever the function does, and gives the URL. */
  serve(name: string, content: Buffer | string | Serve): string;
  /** Requests that the file server saw, by path. */
  readonly served: readonly { readonly path: string; readonly headers: IncomingMessage['headers'] }[];
  /** Posts a signed event to the source `demo`. */
  send(event: Readonly<Record<string, unknown>>): Promise<Answer<{ jobs: JobView[] }>>;
  post(path: string, body: string | Buffer, headers: Readonly<Record<string, string>>): Promise<Answer>;
  get<Body>(path: string): Promise<Answer<Body>>;
  /** Sends an event, waits until nothing is left to do, and answers with its job. */
  finish(event: Readonly<Record<string, unknown>>): Promise<JobView>;
  job(id: string): Promise<JobView>;
  /** The assets in Showpad that carry the external id of this subject. */
  assetsOf(subject: string): EmulatedAsset[];
  /** Throws when a request of ours has broken Showpad's published description. */
  stop(): Promise<void>;
}

/** Tests do not wait for what is not their subject. */
const hasty = {
  LogLevel: 'ERROR',
  ProcessingPollSeconds: '1',
  PollGatherSeconds: '0',
  SettleSeconds: '1',
  ShowpadRequestsPerSecond: '500',
};

/** @param outside plays a Showpad elsewhere, which `options.showpad` names; who started it closes it */
export async function startConnector(
  options: Partial<StackOptions> = {},
  outside?: ShowpadEmulator,
): Promise<Connector> {
  const parameters = { ...hasty, ...options.parameters };
  const stack = await startStack({
    processes: 'shared',
    longestBatchingSeconds: 0.05,
    ...options,
    parameters,
    showpadEmulator: {
      ...options.showpadEmulator,
      switches: { processingMs: 5, ...options.showpadEmulator?.switches },
    },
  });
  const showpad = outside ?? stack.showpadEmulator;
  if (showpad === undefined) throw new Error('These tests need the Showpad emulator.');
  return connect(stack, showpad);
}

async function connect(stack: Stack, showpad: ShowpadEmulator): Promise<Connector> {
  const contents = new Map<string, Buffer | string | Serve>();
  const served: { path: string; headers: IncomingMessage['headers'] }[] = [];
  const files = createServer((incoming, response) => {
    const path = incoming.url ?? '';
    served.push({ path, headers: incoming.headers });
    const content = contents.get(path.split('?')[0] ?? '');
    if (typeof content === 'function') content(incoming, response);
    else if (content === undefined) response.writeHead(404).end();
    else response.writeHead(200, { 'content-length': Buffer.byteLength(content) }).end(content);
  });
  const origin = await listen(files);

  const post: Connector['post'] = async (path, body, headers) => {
    const {
      statusCode,
      headers: answered,
      body: stream,
    } = await request(`${stack.apiUrl}${path}`, {
      method: 'POST',
      headers,
      body,
    });
    return { status: statusCode, headers: answered, body: parse(await stream.text()) };
  };
  const get: Connector['get'] = async (path) => {
    const { statusCode, headers, body } = await request(`${stack.apiUrl}${path}`);
    return { status: statusCode, headers, body: parse(await body.text()) as never };
  };
  const send: Connector['send'] = async (event) => {
    const body = JSON.stringify(cloudEvent(event));
    return (await post('/events/demo', body, signed(stack.sources['demo']?.secret ?? '', body))) as never;
  };
  const job: Connector['job'] = async (id) => (await get<JobView>(`/jobs/${id}`)).body;

  return {
    stack,
    showpad,
    served,
    serve(name, content) {
      contents.set(`/${name}`, content);
      return `${origin}/${name}`;
    },
    send,
    post,
    get,
    job,
    assetsOf: (subject) => showpad.assets.filter(({ externalId }) => externalId === `demo:${subject}`),
    async finish(event) {
      const { status, body } = await send(event);
      const [accepted] = status < 300 ? body.jobs : [];
      if (accepted === undefined)
        throw new Error(`The event was answered with ${status}: ${JSON.stringify(body)}`);
      await stack.settled(55_000);
      return job(accepted.id);
    },
    async stop() {
      const broken = contractViolations(showpad);
      files.closeAllConnections();
      files.close();
      await stack.stop();
      if (broken.length > 0) throw new Error(`Showpad's API was not used as published: ${broken.join('; ')}`);
    },
  };
}

/** A CloudEvent with what a test did not give: a fresh id, its time of now. */
export function cloudEvent(event: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return { specversion: '1.0', id: randomUUID(), source: '/tests', time: new Date().toISOString(), ...event };
}

/** The headers of a delivery, signed the Standard Webhooks way. */
export function signed(
  secret: string,
  body: string,
  { id = `msg_${randomUUID()}`, at = new Date(), contentType = 'application/cloudevents+json' } = {},
): Record<string, string> {
  return {
    'content-type': contentType,
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
    'webhook-signature': new Webhook(secret).sign(id, at, body),
  };
}

/** A PDF as far as Showpad looks at it, with this text. */
export function pdf(text: string): Buffer {
  return Buffer.from(`%PDF-1.7\n${text}\nstartxref\n0\n%%EOF\n`);
}

export function md5(content: Buffer | string): string {
  return createHash('md5').update(content).digest('hex');
}

const contracts = [
  { base: '/v4/', contract: loadShowpadContract() },
  { base: '/api/v3/', contract: loadV3Contract() },
];

/** Everything that we asked of Showpad and that breaks its published descriptions. */
export function contractViolations({ requests }: Pick<ShowpadEmulator, 'requests'>): string[] {
  return contracts.flatMap(({ base, contract }) => {
    // The document names the token endpoint among its security schemes only.
    const isDescribed = (path: string): boolean => path.startsWith(base) && !path.endsWith('/oauth2/token');
    // One that was cut off before it could be answered is not whole.
    const asked = requests.filter(
      ({ path, fault, status }) => isDescribed(path) && fault === null && status !== null,
    );
    return asked.flatMap((exchange) => contract?.requestViolations(exchange) ?? []);
  });
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
