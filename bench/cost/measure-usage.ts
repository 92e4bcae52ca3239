import { randomBytes, randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { Agent } from 'undici';
import { ConnectorClient } from '../../local/demo/connector-client.ts';
import { listen } from '../../local/listen.ts';
import { startStack, type Stack } from '../../local/stack.ts';
import type { Usage } from './bill.ts';
import { UsageLog } from './usage-log.ts';
import { readMemory, usageOf } from './usage.ts';

export interface Load {
  readonly assets: number;
  readonly bytesPerAsset: number;
}

const longestRunMs = 180_000;

/**
 * Brings new assets from a source into the emulated Showpad, with everything in this process, and adds up what
 * that takes. What the functions log meanwhile goes nowhere but into the count.
 * @throws {Error} when an asset did not become usable
 */
export async function measureUsage({ assets, bytesPerAsset }: Load): Promise<Usage> {
  const log = new UsageLog();
  const template = await readFile(new URL('../../template.yaml', import.meta.url), 'utf8');
  const files = await serveFiles(bytesPerAsset);
  const stack = await startStack({
    processes: 'shared',
    aroundInvocation: log.around,
    environment: { POWERTOOLS_LOG_LEVEL: 'INFO', POWERTOOLS_METRICS_DISABLED: 'false' },
    showpadEmulator: { switches: { processingMs: 1_000 } },
  });
  const unwatch = log.watch(new URL(stack.showpad.v4Url).origin);
  const output = countOutput();
  try {
    await send(stack, files.url, assets);
    await stack.settled(longestRunMs);
  } finally {
    output.restore();
    unwatch();
    await files.close();
    await stack.stop();
  }
  const usable = stack.showpadEmulator?.assets.filter(({ status }) => status === 'active').length;
  if (usable !== assets) throw new Error(`Only ${usable} of ${assets} assets became usable.`);
  return usageOf(log, { assets, bytesPerAsset, logBytes: output.bytes(), memory: readMemory(template) });
}

/** A source whose files all have bytes of their own. */
function serveFiles(bytes: number): Promise<{ url: string; close: () => Promise<void> }> {
  const content = randomBytes(bytes);
  return listen(
    createServer((incoming, response) => {
      const head = Buffer.from(`%PDF-1.7\n${incoming.url ?? ''}\n`);
      response.writeHead(200, { 'content-length': bytes });
      response.end(Buffer.concat([head, content.subarray(head.length)]));
    }),
  );
}

async function send(stack: Stack, filesUrl: string, assets: number): Promise<void> {
  const dispatcher = new Agent();
  const secret = stack.sources['demo']?.secret ?? '';
  const sender = new ConnectorClient(stack.apiUrl, secret, dispatcher, AbortSignal.timeout(longestRunMs));
  for (let index = 1; index <= assets; index += 1) {
    await sender.send({
      eventId: randomUUID(),
      type: 'asset.upsert',
      subject: `cost/${index}`,
      time: new Date(),
      data: {
        file: { url: `${filesUrl}/${index}.pdf`, name: `Cost ${index}.pdf` },
        metadata: { description: 'A thousand of these are paid for.', languages: ['en'] },
      },
    });
  }
  await dispatcher.destroy();
}

/** Swallows what is written to the standard output, and counts it. */
function countOutput(): { bytes: () => number; restore: () => void } {
  const write = process.stdout.write.bind(process.stdout);
  let bytes = 0;
  process.stdout.write = (chunk: string | Uint8Array): boolean => {
    bytes += Buffer.byteLength(chunk);
    return true;
  };
  return {
    bytes: () => bytes,
    restore: () => {
      process.stdout.write = write;
    },
  };
}
