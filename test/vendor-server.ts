import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { downloadLocation, media } from './fixtures/vendors/bynder.ts';

type Serve = (request: IncomingMessage, response: ServerResponse) => void;

/** Answers with these bytes. */
export const send =
  (content: Buffer | string, status = 200, headers: Record<string, string> = {}): Serve =>
  (_request, response) =>
    response
      .writeHead(status, { 'content-length': String(Buffer.byteLength(content)), ...headers })
      .end(content);

const sendJson = (value: unknown): Serve => send(JSON.stringify(value));

/** The APIs and file servers of vendors. */
export interface VendorServer {
  readonly origin: string;
  /** What is answered, by path; 404 for all others. */
  readonly answers: Map<string, Serve>;
  /** What was asked. */
  readonly asked: { path: string; authorization: string | undefined; at: number }[];
  /** Plays a portal of Bynder's that knows this media; answers how many links it has given. */
  playPortal(id: string, bytes: Buffer, details?: object, isFresh?: (link: number) => boolean): () => number;
  close(): void;
}

export async function startVendorServer(): Promise<VendorServer> {
  const answers = new Map<string, Serve>();
  const asked: VendorServer['asked'] = [];
  const server = createServer((request, response) => {
    const path = (request.url ?? '').split('?')[0] ?? '';
    asked.push({ path, authorization: request.headers.authorization, at: Date.now() });
    const serve = answers.get(path);
    if (serve === undefined) response.writeHead(404).end();
    else serve(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const expired = send('<Code>AccessDenied</Code><Message>Request has expired</Message>', 403);
  return {
    origin,
    answers,
    asked,
    playPortal(id, bytes, details = {}, isFresh = () => true) {
      let links = 0;
      answers.set(`/api/v4/media/${id}/`, sendJson({ ...media, id, ...details }));
      answers.set(`/api/v4/media/${id}/download/`, (request, response) => {
        links += 1;
        const link = `/bytes/${id}/${links}.pdf`;
        answers.set(link, isFresh(links) ? send(bytes) : expired);
        sendJson(downloadLocation(`${origin}${link}?canary-signature=${links}`))(request, response);
      });
      return () => links;
    },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
