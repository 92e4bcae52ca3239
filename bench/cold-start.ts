import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { bundleFunctions, filesLoadedAtStart, type Bundle } from '../build.ts';
import { functionEnvironment } from './function-environment.ts';
import { interleave, type Contestant } from './interleave.ts';
import type { Report, Row } from './report.ts';
import { median } from './statistics.ts';

export interface ColdStartOptions {
  readonly rounds: number;
  readonly onProgress: (line: string) => void;
}

const execute = promisify(execFile);
const emptyName = '(empty handler)';
const probe = `
const startedAt = performance.now();
const { handler } = await import(process.argv[1]);
if (typeof handler !== 'function') throw new Error('There is no handler.');
process.stdout.write(String(performance.now() - startedAt), () => process.exit(0));`;

/**
 * Loads every function's bundle in fresh processes, as a cold start does, in turns with a handler that does nothing:
 * with the environment that template.yaml gives, and with what could be changed about it.
 */
export async function benchColdStart({ rounds, onProgress }: ColdStartOptions): Promise<Report> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-'));
  try {
    const bundles = await bundleFunctions(join(folder, 'dist'));
    const emptyFile = join(folder, 'empty.mjs');
    await writeFile(emptyFile, 'export const handler = async () => undefined;\n');
    const files = [
      { name: emptyName, file: emptyFile },
      ...bundles.map(({ name }) => ({ name, file: join(folder, 'dist', name, `${name}.mjs`) })),
    ];
    const given = functionEnvironment({});
    const withCache = { ...given, NODE_COMPILE_CACHE: join(folder, 'cache') };
    const contestants = files.flatMap(({ name, file }) => [
      start(`${name}, given`, file, given),
      start(`${name}, no options`, file, { ...given, NODE_OPTIONS: '' }),
      start(`${name}, compile cache`, file, withCache),
    ]);
    // Fills the compile cache, and the system's cache of files.
    await interleave(contestants, 1);
    const results = new Map<string, number>();
    for (const { name, samples } of await interleave(contestants, rounds)) {
      results.set(name, median(samples));
      onProgress(`${name}: ${median(samples).toFixed(1)} ms`);
    }
    return {
      title: `cold-start: importing each bundle, milliseconds over an empty handler, median of ${rounds}`,
      rows: bundles.map((bundle) => toRow(bundle, results)),
      notes: [
        'KiB at start: what is loaded before the handler can run; the rest of KiB follows when it is needed.',
        `ms: with the environment of template.yaml; ms, no NODE_OPTIONS: without its ${given['NODE_OPTIONS'] ?? '(none)'}; ms, compile cache: with NODE_COMPILE_CACHE warm.`,
      ],
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function start(name: string, file: string, env: Readonly<Record<string, string>>): Contestant<number> {
  const parameters = ['--input-type=module', '--eval', probe, pathToFileURL(file).href];
  return {
    name,
    run: async () =>
      Number((await execute(process.execPath, parameters, { env, cwd: dirname(file) })).stdout),
  };
}

function toRow(bundle: Bundle, results: ReadonlyMap<string, number>): Row {
  const modules = Object.keys(bundle.outputs).filter((file) => file.endsWith('.mjs'));
  const over = (mode: string): number =>
    (results.get(`${bundle.name}, ${mode}`) ?? Number.NaN) -
    (results.get(`${emptyName}, ${mode}`) ?? Number.NaN);
  return {
    function: bundle.name,
    'KiB at start': kibibytes(bundle, filesLoadedAtStart(bundle)),
    KiB: kibibytes(bundle, modules),
    ms: over('given'),
    'ms, no NODE_OPTIONS': over('no options'),
    'ms, compile cache': over('compile cache'),
  };
}

function kibibytes({ outputs }: Bundle, files: readonly string[]): number {
  return files.reduce((sum, file) => sum + (outputs[file]?.bytes ?? 0), 0) / 1_024;
}
