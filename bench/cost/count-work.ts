import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent } from 'undici';
import { ConnectorClient } from '../../local/demo/connector-client.ts';
import { listen } from '../../local/listen.ts';
import { startStack, type Stack } from '../../local/stack.ts';
import { UsageLog } from './usage-log.ts';
import { averageWork, type Work } from './work.ts';

export interface Counted {
  /** What one request or message takes of each function that a new asset passes once, by its name. */
  readonly works: ReadonlyMap<string, Work>;
  /** A look at a file that is still processed, and the one that finds it usable. */
  readonly pendingLook: Work;
  readonly lastLook: Work;
  /** A run of the sweeper that finds nothing. */
  readonly sweep: Work;
  readonly customMetrics: number;
}

const longestRunMs = 600_000;
const onceForAnAsset = ['receive-event', 'stage-binary', 'upload-asset'];

/**
 * Brings new assets from a source into the emulated Showpad, with everything in this process and one message for each
 * invocation, and counts what that takes.
 * @throws {Error} when an asset did not become usable
 */
export async function countWork({
  assets,
  bytesPerAsset,
}: {
  assets: number;
  bytesPerAsset: number;
}): Promise<Counted> {
  const log = new UsageLog();
  const folder = await mkdtemp(join(tmpdir(), 'cost-'));
  const templateFile = join(folder, 'template.yaml');
  const template = await readFile(new URL('../../template.yaml', import.meta.url), 'utf8');
  await writeFile(templateFile, template.replaceAll(/BatchSize: \d+/g, 'BatchSize: 1'));
  const files = await serveFiles(bytesPerAsset);
  const stack = await startStack({
    processes: 'shared',
    templateFile,
    parameters: { PollGatherSeconds: '0' },
    longestBatchingSeconds: 0.05,
    aroundInvocation: log.around,
    environment: { POWERTOOLS_LOG_LEVEL: 'INFO', POWERTOOLS_METRICS_DISABLED: 'false' },
    // Long enough for a look that comes too early.
    showpadEmulator: { switches: { processingMs: 1_500 } },
  });
  const unwatch = log.watch(new URL(stack.showpad.v4Url).origin);
  try {
    await send(stack, files.url, assets);
    await stack.settled(longestRunMs);
    await stack.invoke('sweep', {});
  } finally {
    unwatch();
    await files.close();
    await stack.stop();
    await rm(folder, { recursive: true });
  }
  const usable = stack.showpadEmulator?.assets.filter(({ status }) => status === 'active').length;
  if (usable !== assets) throw new Error(`Only ${usable} of ${assets} assets became usable.`);
  const of = (name: string) => log.invocations.filter(({ functionName }) => functionName === name);
  const looks = of('poll-processing');
  const isPending = ({ showpadCalls }: { showpadCalls: number }): boolean => showpadCalls === 1;
  // Without its batching window it looks before the end that was announced is there, and looks again.
  const published = of('publish-outcome').filter(({ awsCalls }) =>
    awsCalls.some(({ action }) => action === 'Publish'),
  );
  return {
    works: new Map([
      ...onceForAnAsset.map((name) => [name, averageWork(of(name))] as const),
      ['publish-outcome', averageWork(published)],
    ]),
    pendingLook: averageWork(looks.filter(isPending)),
    lastLook: averageWork(looks.filter((look) => !isPending(look))),
    sweep: averageWork(of('sweep')),
    customMetrics: log.metrics.size,
  };
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
