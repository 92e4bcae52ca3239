import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { IncomingMessage, Server, ServerResponse, type OutgoingHttpHeaders } from 'node:http';
import { Socket } from 'node:net';

/** What a client of the AWS SDK asks its request handler for, as far as it is looked at here. */
interface Request {
  readonly method: string;
  readonly path: string;
  readonly port?: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

interface Client {
  readonly config: {
    requestHandler: { handle(request: Request, options?: unknown): Promise<unknown> };
    signer: unknown;
    readonly serviceId: string;
  };
}

// The emulators look whether a request is signed, not how; S3 is left as it is, because it streams.
const signature = {
  'x-amz-date': '20260101T000000Z',
  authorization: 'AWS4-HMAC-SHA256 Credential=local/x, SignedHeaders=host, Signature=x',
};
const listening = 'tracing:net.server.listen:asyncEnd';
const serviceIds = new Set(['DynamoDB', 'SQS', 'SNS', 'Secrets Manager']);

/**
 * Lets the clients of the AWS SDK talk to the emulators of this process without a socket and without a signature:
 * most of the time of a campaign would go there, and nothing that is looked for.
 */
export class DirectTransport {
  readonly #servers = new Set<Server>();
  readonly #prepared = new WeakSet<object>();
  readonly #note = (message: unknown): void => {
    const { server } = Object(message) as { server?: unknown };
    if (!(server instanceof Server)) return;
    // While time stands still for its clients, it must not pass for a server that closes idle connections.
    server.keepAliveTimeout = 0;
    this.#servers.add(server as Server);
  };

  constructor() {
    subscribe(listening, this.#note);
  }

  /** Prepares a client the first time it is seen. */
  prepare(client: object): void {
    const { config } = client as Client;
    if (this.#prepared.has(config) || !serviceIds.has(config.serviceId)) return;
    this.#prepared.add(config);
    const sockets = config.requestHandler;
    config.requestHandler = {
      ...sockets,
      handle: (request, options) => {
        const server = this.#serverAt(request.port);
        return server === undefined ? sockets.handle(request, options) : exchange(server, request);
      },
    };
    config.signer = () =>
      Promise.resolve({
        sign: (request: { headers: object }) => {
          Object.assign(request.headers, signature);
          return Promise.resolve(request);
        },
      });
  }

  stop(): void {
    unsubscribe(listening, this.#note);
  }

  #serverAt(port: number | undefined): Server | undefined {
    return [...this.#servers].find((server) => {
      const address = server.address();
      return typeof address === 'object' && address?.port === port;
    });
  }
}

const noSocket = new Socket();

async function exchange(server: Server, { method, path, headers, body }: Request): Promise<object> {
  const request = new IncomingMessage(noSocket);
  Object.assign(request, { method, url: path, headers, complete: true });
  if (typeof body === 'string' || body instanceof Uint8Array) request.push(body);
  request.push(null);
  const response = new DirectResponse(request);
  server.emit('request', request, response);
  return { response: await response.answer };
}

/** Keeps the answer instead of writing it to a socket. */
class DirectResponse extends ServerResponse {
  readonly answer: Promise<object>;
  readonly #chunks: Buffer[] = [];
  readonly #headers: Record<string, string> = {};
  readonly #answered: (answer: object) => void;

  constructor(request: IncomingMessage) {
    super(request);
    const { promise, resolve } = Promise.withResolvers<object>();
    this.answer = promise;
    this.#answered = resolve;
  }

  override writeHead(statusCode: number, ...parts: unknown[]): this {
    this.statusCode = statusCode;
    this.#take(parts.at(-1) as OutgoingHttpHeaders | undefined);
    return this;
  }

  override write(chunk: unknown): boolean {
    this.#chunks.push(Buffer.from(chunk as string));
    return true;
  }

  override end(chunk?: unknown): this {
    if (typeof chunk === 'string' || chunk instanceof Uint8Array) this.write(chunk);
    this.#take(this.getHeaders());
    // Whoever serves must not take the answer for one that nobody got.
    Object.defineProperty(this, 'writableFinished', { value: true });
    this.#answered({
      statusCode: this.statusCode,
      headers: this.#headers,
      body: Buffer.concat(this.#chunks),
    });
    this.emit('finish');
    this.emit('close');
    return this;
  }

  #take(headers: OutgoingHttpHeaders = {}): void {
    if (typeof headers !== 'object') return;
    for (const [name, value] of Object.entries(headers)) this.#headers[name.toLowerCase()] = String(value);
  }
}
