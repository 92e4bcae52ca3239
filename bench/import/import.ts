import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Agent } from 'undici';
import { bringManifest } from '../../cli/bring-manifest.ts';
import { connectToConnector, type ConnectorApi } from '../../cli/connector-api.ts';
import { follow, type ImportStatus } from '../../cli/import-status.ts';
import { findManifest } from '../../cli/manifest-file.ts';
import { ConnectorClient } from '../../local/demo/connector-client.ts';
import { ShowpadView } from '../../local/demo/showpad-view.ts';
import { demoSource } from '../../local/sources.ts';
import { startStack } from '../../local/stack.ts';
import type { Report, Row } from '../report.ts';
import { median, quantile } from '../statistics.ts';
import { LiveEvents } from './live-events.ts';
import { MemoryWatch } from './memory-watch.ts';

export interface ImportBenchOptions {
  readonly rows: number;
  /** The pause between two events of another source, before and meanwhile. */
  readonly liveEveryMs: number;
  readonly onProgress: (line: string) => void;
}

const idleMs = 40_000;
const longestMs = 4 * 3_600_000;

/**
 * Imports a manifest while another source sends events, and then the same manifest once more. The functions run in a
 * process of their own, whose memory is watched; AWS and Showpad are emulated in others beside it.
 */
export async function benchImport(options: ImportBenchOptions): Promise<Report> {
  const { rows, liveEveryMs, onProgress } = options;
  const folder = await mkdtemp(join(tmpdir(), 'bench-import-'));
  const sources = { ...demoSource(undefined), library: demoSource(undefined)['demo'] ?? { secrets: [] } };
  const stack = await startStack({
    processes: 'own',
    sources,
    parameters: { LogLevel: 'ERROR', ShowpadRequestsPerSecond: '500', ProcessingPollSeconds: '1' },
    showpadEmulator: {
      divisions: [{ name: 'Library', id: '0123456789abcdef0123456789abcdef', isAssetSharingEnabled: true }],
      switches: { processingMs: 5 },
    },
    onLog: () => undefined,
  });
  const dispatcher = new Agent();
  const signal = AbortSignal.timeout(longestMs);
  const memory = new MemoryWatch(stack.workerPids);
  try {
    const connector = new ConnectorClient(
      stack.apiUrl,
      stack.sources['demo']?.secret ?? '',
      dispatcher,
      signal,
    );
    const showpad = new ShowpadView(stack.showpad.v4Url, dispatcher, signal);
    const api = await connectToConnector(new URL(stack.apiUrl), {});
    const path = join(folder, 'library.csv');
    await writeFile(path, manifestOf(rows));

    const live = new LiveEvents(connector);
    const idle = await live.during(delay(idleMs), liveEveryMs / 4);
    onProgress(`idle: ${idle.length} live events, median ${median(idle).toFixed(0)} ms`);
    memory.start();
    const first = await importOnce(api, path, signal, (status) => {
      onProgress(`${status.rows.ended} of ${status.rows.total} rows, ${memory.nowMebibytes()} MiB`);
    });
    const busy = await live.during(first.running, liveEveryMs);
    const firstRun = await first.ended;
    const peakFirst = memory.peakMebibytes();
    const position = await showpad.position();
    await stack.settled(60_000);
    const second = await importOnce(api, path, signal, (status) => {
      onProgress(`again: ${status.rows.unchanged} of ${status.rows.total} rows`);
    });
    const secondRun = await second.ended;
    const calls = await showpad.requests(position);
    const row = (what: string, measured: number, beside: number | string): Row => ({
      what,
      measured,
      beside: String(beside),
    });
    return {
      title: `import: a manifest of ${rows} rows, and live events of another source one after the other`,
      rows: [
        row('rows checked per second', rows / firstRun.checkSeconds, '–'),
        row('rows per second, from the first to the last asset', rows / firstRun.runSeconds, '–'),
        row('rows done', firstRun.status.rows.done, rows),
        row('MiB of the functions before', memory.beforeMebibytes(), '–'),
        row('MiB of the functions, at a quarter', memory.atShare(0.25), '–'),
        row('MiB of the functions, at the end', memory.atShare(1), memory.atShare(0.25)),
        row('MiB of the functions, peak', peakFirst, '–'),
        row('ms a live event waits, median', median(busy), median(idle).toFixed(0)),
        row('ms a live event waits, p95', quantile(busy, 0.95), quantile(idle, 0.95).toFixed(0)),
        row('second run: rows per second', rows / (secondRun.runSeconds + secondRun.checkSeconds), '–'),
        row('second run: rows unchanged', secondRun.status.rows.unchanged, rows),
        row('second run: calls to Showpad', calls.length, 0),
      ],
      notes: [
        'Every row is a URL asset: a file brings its own bytes along, which the streaming benches measure. Beside: the same of an idle system, or what it must be.',
        `A live event is one of another source, from its acceptance to its asset; ${busy.length} during the import, ${idle.length} before it.`,
        'AWS and Showpad are emulated on this machine and share its cores, so they are what limits the rows per second here; a deployed connector is limited by the pace that Showpad allows: 50 calls a second are 25 new URL assets or 10 new files.',
      ],
    };
  } finally {
    memory.stop();
    await dispatcher.destroy();
    await stack.stop();
    await rm(folder, { recursive: true });
  }
}

function manifestOf(rows: number): string {
  const lines = Array.from(
    { length: rows },
    (_, index) =>
      `library/${index},https://library.example/pages/${index},Page ${index},"Page ${index} of the library",imported`,
  );
  return `subject,link,name,description,tags\n${lines.join('\n')}\n`;
}

interface Run {
  readonly checkSeconds: number;
  readonly runSeconds: number;
  readonly status: ImportStatus;
}

async function importOnce(
  api: ConnectorApi,
  path: string,
  signal: AbortSignal,
  onStatus: (status: ImportStatus) => void,
): Promise<{ running: Promise<unknown>; ended: Promise<Run> }> {
  const file = await findManifest(path, 'library');
  const startedAtMs = performance.now();
  const id = await bringManifest(api, file, { source: 'library', skipInvalid: false }, signal);
  let checkedAtMs: number | undefined;
  let toldAtMs = 0;
  const ended = follow(
    api,
    id ?? '',
    (status) => {
      if (status.state !== 'waiting' && status.state !== 'checking') checkedAtMs ??= performance.now();
      if (performance.now() - toldAtMs < 20_000) return;
      toldAtMs = performance.now();
      onStatus(status);
    },
    signal,
  ).then((status): Run => {
    if (status?.state !== 'done')
      throw new Error(`The import has ended as ${status?.state ?? 'nothing'}: ${status?.error ?? ''}`);
    const checked = checkedAtMs ?? startedAtMs;
    return {
      checkSeconds: (checked - startedAtMs) / 1_000,
      runSeconds: (performance.now() - checked) / 1_000,
      status,
    };
  });
  return { running: ended, ended };
}
