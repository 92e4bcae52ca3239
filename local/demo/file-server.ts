import { createServer } from 'node:http';
import { pipeline } from 'node:stream';
import { listen } from '../listen.ts';
import type { Content } from './content.ts';

/** The place where the files are born: a DAM, say, or a CMS. */
export interface FileServer {
  readonly url: string;
  readonly urlOf: (content: Content) => string;
  /** How often a file was asked for. */
  readonly requestsOf: (content: Content) => number;
  readonly close: () => Promise<void>;
}

/** Serves the files by their names, on the loopback interface. */
export async function startFileServer(contents: readonly Content[]): Promise<FileServer> {
  const requests = new Map<string, number>();
  const server = createServer({ highWaterMark: 1024 * 1024 }, (request, response) => {
    const content = contents.find((candidate) => pathOf(candidate) === request.url);
    if (content === undefined || request.method !== 'GET') {
      response.writeHead(content === undefined ? 404 : 405).end();
      return;
    }
    const { fileName, mediaType, size, md5, open } = content;
    requests.set(fileName, (requests.get(fileName) ?? 0) + 1);
    response.writeHead(200, { 'content-type': mediaType, 'content-length': size, etag: `"${md5}"` });
    // Whoever hangs up early is told nothing more, and comes again.
    pipeline(open(), response, () => undefined);
  });
  const { url, close } = await listen(server);
  return {
    url,
    urlOf: (content) => `${url}${pathOf(content)}`,
    requestsOf: ({ fileName }) => requests.get(fileName) ?? 0,
    close,
  };
}

function pathOf({ fileName }: Content): string {
  return `/${encodeURIComponent(fileName)}`;
}
