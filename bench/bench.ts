import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { describeMachine, formatMachine } from './machine.ts';
import { formatReport, type Report } from './report.ts';

interface BenchOptions {
  /** How often each figure of a median is taken; null leaves it to the bench. */
  readonly rounds: number | null;
  readonly onProgress: (line: string) => void;
}

const megabyte = 1_000_000;
const sizes = [100 * megabyte, 1_000 * megabyte];

// Each is loaded when it runs, so that a process the others start finds a small parent.
const benches: Readonly<Record<string, (options: BenchOptions) => Promise<Report>>> = {
  'streaming-stage': async ({ rounds, onProgress }) => {
    const { race } = await import('./streaming/race.ts');
    const title = 'streaming-stage: source → S3, hashed, in parts of 10 MiB';
    return race({ step: 'stage', title, sizes, rounds: rounds ?? 5, onProgress });
  },
  'streaming-upload': async ({ rounds, onProgress }) => {
    const { race } = await import('./streaming/race.ts');
    const title = 'streaming-upload: S3 → upload link, one PUT';
    return race({ step: 'upload', title, sizes, rounds: rounds ?? 5, onProgress });
  },
  'streaming-my-files': async ({ rounds, onProgress }) => {
    const { race } = await import('./streaming/race.ts');
    const title = 'streaming-my-files: S3 → My Files, one multipart form';
    return race({ step: 'my-files', title, sizes, rounds: rounds ?? 5, onProgress });
  },
  ingest: async ({ rounds, onProgress }) => {
    const { benchIngest } = await import('./ingest/ingest.ts');
    return benchIngest({ requests: 1_000, rounds: rounds ?? 3, onProgress });
  },
  'waiting-tickets': async ({ onProgress }) => {
    const { benchWaitingTickets } = await import('./waiting-tickets.ts');
    return benchWaitingTickets({ tickets: 1_000, pollSeconds: 8, intervals: 2, onProgress });
  },
  'back-pressure': async ({ onProgress }) => {
    const { benchBackPressure } = await import('./back-pressure.ts');
    return benchBackPressure({ limits: [10, 25, 50], assets: 500, onProgress });
  },
  import: async ({ onProgress }) => {
    const { benchImport } = await import('./import/import.ts');
    // Many minutes: npm run bench -- import --rows N asks for fewer.
    return benchImport({ rows: Number(values.rows ?? 100_000), liveEveryMs: 2_000, onProgress });
  },
  'cold-start': async ({ rounds, onProgress }) => {
    const { benchColdStart } = await import('./cold-start.ts');
    return benchColdStart({ rounds: rounds ?? 15, onProgress });
  },
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'string' },
    rounds: { type: 'string' },
    rows: { type: 'string' },
    help: { type: 'boolean' },
  },
});
const names = positionals.length > 0 ? positionals : Object.keys(benches);
const unknown = names.filter((name) => !Object.hasOwn(benches, name));
const rounds = values.rounds === undefined ? null : Number(values.rounds);
if (values.help === true || unknown.length > 0 || (rounds !== null && !(rounds >= 1))) {
  console.error(
    `Usage: npm run bench -- [name…] [--rounds N] [--rows N] [--json FILE]\nNames: ${Object.keys(benches).join(', ')}; all by default.`,
  );
  process.exit(values.help === true ? 0 : 2);
}

const machine = describeMachine();
console.log(formatMachine(machine));
if (machine.load > machine.cores / 4) {
  console.log(
    'The machine is busy with something else: trust the ratios more than the rest, and them not much.',
  );
}
const reports: Record<string, Report> = {};
for (const name of names) {
  try {
    const onProgress = (line: string): void => {
      process.stderr.write(`  ${line}\n`);
    };
    const report = await benches[name]?.({ rounds, onProgress });
    if (report === undefined) continue;
    reports[name] = report;
    console.log(`\n${formatReport(report)}`);
  } catch (error) {
    process.exitCode = 1;
    console.error(`\n${name} could not be measured:`, error);
  }
}
if (values.json !== undefined) {
  await writeFile(values.json, `${JSON.stringify({ machine, reports }, null, 2)}\n`);
}
