import { readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { build, type Metafile } from 'esbuild';

const root = import.meta.dirname;

/** One function as it is shipped. */
export interface Bundle {
  readonly name: string;
  /** Every file of the bundle with what went into it; paths are relative to the repository's root. */
  readonly outputs: Metafile['outputs'];
}

/** The names of all functions: one for each file in functions/. */
export function functionNames(): string[] {
  return readdirSync(join(root, 'functions'))
    .filter((file) => file.endsWith('.ts'))
    .map((file) => basename(file, '.ts'))
    .sort();
}

/**
 * Bundles functions with all they need, each into a folder of its own below `folder`, which is emptied first:
 * `x/x.mjs`, and chunks for what it loads later. The same sources give the same bytes.
 * @throws {BuildFailure} when a function cannot be bundled
 */
export async function bundleFunctions(
  folder: string,
  names: readonly string[] = functionNames(),
): Promise<Bundle[]> {
  await rm(folder, { recursive: true, force: true });
  return Promise.all(names.map((name) => bundleFunction(name, join(folder, name))));
}

async function bundleFunction(name: string, folder: string): Promise<Bundle> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: [`functions/${name}.ts`],
    outdir: folder,
    bundle: true,
    splitting: true,
    minify: true,
    platform: 'node',
    // Of packages that come as both, the ES modules: what is not used can be left out of them.
    mainFields: ['module', 'main'],
    target: 'node24',
    format: 'esm',
    outExtension: { '.js': '.mjs' },
    chunkNames: 'chunks/[name]-[hash]',
    sourcemap: 'linked',
    sourcesContent: false,
    banner: {
      // Dependencies that are CommonJS ask for Node's own modules by require().
      js: `import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);`,
    },
    metafile: true,
    logLevel: 'warning',
  });
  return { name, outputs: metafile.outputs };
}

/** The files that are loaded before the handler can run, the entry first; the others are loaded on demand. */
export function filesLoadedAtStart({ name, outputs }: Bundle): string[] {
  const entry = Object.keys(outputs).find((file) => outputs[file]?.entryPoint === `functions/${name}.ts`);
  if (entry === undefined) throw new Error(`The bundle of ${name} has no entry.`);
  const loaded = new Set([entry]);
  for (const file of loaded) {
    for (const { path, kind, external } of outputs[file]?.imports ?? []) {
      if (kind === 'import-statement' && external !== true) loaded.add(path);
    }
  }
  return [...loaded];
}

function kibibytes(outputs: Metafile['outputs'], files: readonly string[]): string {
  return (files.reduce((sum, file) => sum + (outputs[file]?.bytes ?? 0), 0) / 1024).toFixed(1);
}

function tableOf(bundles: readonly Bundle[]): string {
  const rows = bundles.map((bundle) => {
    const files = Object.keys(bundle.outputs).filter((file) => file.endsWith('.mjs'));
    const atStart = kibibytes(bundle.outputs, filesLoadedAtStart(bundle));
    return [bundle.name, atStart, kibibytes(bundle.outputs, files), String(files.length)];
  });
  return [['function', 'KiB at start', 'KiB', 'files'], ...rows]
    .map(([name = '', ...numbers]) => name.padEnd(20) + numbers.map((number) => number.padStart(14)).join(''))
    .join('\n');
}

if (import.meta.main) {
  process.stdout.write(`${tableOf(await bundleFunctions(join(root, 'dist')))}\n`);
}
