import { interleave, type Contestant } from '../interleave.ts';
import type { Report, Row } from '../report.ts';
import { median } from '../statistics.ts';
import { openArena, type Arena } from './arena.ts';
import { transferOurselves } from './contestants.ts';
import { installedPeers, peers, type Leg, type Peer } from './peers.ts';
import type { Transfer, TransferTask } from './transfer.ts';

export interface RaceOptions {
  readonly step: TransferTask['step'];
  readonly title: string;
  readonly sizes: readonly number[];
  readonly rounds: number;
  readonly onProgress: (line: string) => void;
}

type Protocol = 'http' | 'https';
const ourName = 'ours';
const memoryLimitMebibytes = 64;
const v3Path = '/api/v3';

/** Moves files of every size over http and https, ours and the peers' way in turns, and compares. */
export async function race(options: RaceOptions): Promise<Report> {
  const { step, title, sizes, rounds } = options;
  const { present, notes } = await installedPeers();
  const contenders = present.filter(({ steps }) => steps.includes(step));
  const arena = await openArena();
  try {
    const protocols: Protocol[] = arena.authorityFile === null ? ['http'] : ['http', 'https'];
    const rows: Row[] = [];
    const verdicts: string[] = [];
    for (const protocol of protocols) {
      const peaks: number[] = [];
      for (const size of sizes) {
        const contestants = enter(arena, contenders, protocol, size, options);
        const results = await interleave(contestants, rounds);
        const [ours, ...theirs] = results.map(({ name, samples }) => summarize(name, samples, size));
        if (ours === undefined) continue;
        rows.push(...[ours, ...theirs].map((summary) => toRow(protocol, size, summary, ours)));
        verdicts.push(...speedVerdicts(`${protocol} ${formatSize(size)}`, ours, theirs));
        peaks.push(ours.peakMebibytes ?? 0);
      }
      verdicts.push(memoryVerdict(protocol, sizes, peaks));
    }
    const skipped = arena.authorityFile === null ? ['Skipped: https, because openssl is not installed.'] : [];
    return { title: `${title}, median of ${rounds}`, rows, notes: [...verdicts, ...notes, ...skipped] };
  } finally {
    await arena.close();
  }
}

function enter(
  arena: Arena,
  contenders: readonly Peer[],
  protocol: Protocol,
  size: number,
  { step, onProgress }: RaceOptions,
): Contestant<Transfer>[] {
  const targetOrigin = arena.target[protocol];
  const sourceOrigin = arena.source[protocol];
  if (targetOrigin === null || sourceOrigin === null) throw new Error(`The stores do not speak ${protocol}.`);
  const authorityFile = protocol === 'https' ? arena.authorityFile : null;
  const key = `${size}.bin`;
  const leg: Leg = {
    sourceUrl: `${sourceOrigin}/files/${key}`,
    targetOrigin,
    targetPath: step === 'my-files' ? `${v3Path}/divisions/mine/assets.json` : `/objects/${key}`,
    authorityFile,
  };
  const ourTasks: Readonly<Record<TransferTask['step'], TransferTask>> = {
    stage: { step: 'stage', from: leg.sourceUrl, to: key },
    upload: { step: 'upload', from: key, to: `${targetOrigin}${leg.targetPath}` },
    'my-files': { step: 'my-files', from: key, to: `${targetOrigin}${v3Path}` },
  };
  const storeUrl = step === 'stage' ? targetOrigin : sourceOrigin;

  const checked = (name: string, transfer: () => Promise<Transfer>): Contestant<Transfer> => ({
    name,
    run: async () => {
      const measured = await transfer();
      const bytes = await arena.takeReceivedBytes();
      if (bytes !== size) throw new Error(`${name} moved ${bytes} of ${size} bytes.`);
      const speed = (size / 1e6 / measured.seconds).toFixed(0);
      onProgress(`${step} ${protocol} ${formatSize(size)} ${name}: ${speed} MB/s`);
      return measured;
    },
  });
  return [
    checked(ourName, () => transferOurselves(ourTasks[step], { storeUrl, authorityFile })),
    ...contenders.map((peer) => checked(peer.name, () => peer.transfer(leg, step, arena.folder))),
  ];
}

interface Summary {
  readonly name: string;
  readonly megabytesPerSecond: number;
  readonly slowest: number;
  readonly fastest: number;
  readonly megabytesPerCpuSecond: number;
  readonly peakMebibytes: number | null;
}

function summarize(name: string, samples: readonly Transfer[], size: number): Summary {
  const speeds = samples.map(({ seconds }) => size / 1e6 / seconds);
  const peaks = samples.flatMap(({ peakMebibytes }) => (peakMebibytes === null ? [] : [peakMebibytes]));
  return {
    name,
    megabytesPerSecond: median(speeds),
    slowest: Math.min(...speeds),
    fastest: Math.max(...speeds),
    megabytesPerCpuSecond: median(samples.map(({ cpuSeconds }) => size / 1e6 / cpuSeconds)),
    peakMebibytes: peaks.length === 0 ? null : median(peaks),
  };
}

function toRow(protocol: Protocol, size: number, summary: Summary, ours: Summary): Row {
  const isOurs = summary.name === ourName;
  return {
    protocol,
    size: formatSize(size),
    who: summary.name,
    'MB/s': Math.round(summary.megabytesPerSecond),
    slowest: Math.round(summary.slowest),
    fastest: Math.round(summary.fastest),
    'MB/CPU-s': Math.round(summary.megabytesPerCpuSecond),
    'ours ÷ it': isOurs ? null : ours.megabytesPerSecond / summary.megabytesPerSecond,
    'ours ÷ it, per CPU-s': isOurs ? null : ours.megabytesPerCpuSecond / summary.megabytesPerCpuSecond,
    'peak MiB': summary.peakMebibytes === null ? null : Math.round(summary.peakMebibytes),
  };
}

function speedVerdicts(label: string, ours: Summary, theirs: readonly Summary[]): string[] {
  return theirs.flatMap(({ name, megabytesPerSecond }) => {
    const aim = peers.find((peer) => peer.name === name)?.aim ?? null;
    if (aim === null) return [];
    const ratio = ours.megabytesPerSecond / megabytesPerSecond;
    const outcome = ratio >= aim ? 'reached' : 'MISSED';
    return [`Aim, ${label}: ${ratio.toFixed(2)} of "${name}"; ${aim} wanted: ${outcome}.`];
  });
}

function memoryVerdict(protocol: Protocol, sizes: readonly number[], peaks: readonly number[]): string {
  const growth = (peaks.at(-1) ?? 0) - (peaks[0] ?? 0);
  const span = `from ${formatSize(sizes[0] ?? 0)} to ${formatSize(sizes.at(-1) ?? 0)}`;
  const outcome = growth < memoryLimitMebibytes ? 'kept' : 'BROKEN';
  return `Memory, ${protocol}: the peak grows by ${growth.toFixed(0)} MiB ${span}; limit ${memoryLimitMebibytes} MiB: ${outcome}.`;
}

function formatSize(bytes: number): string {
  return bytes >= 1e9 ? `${bytes / 1e9} GB` : `${bytes / 1e6} MB`;
}
