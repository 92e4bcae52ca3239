import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

/** One source file; its path is relative to the repository's root. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

const folders = ['bench', 'cli', 'functions', 'lib', 'local', 'test'];

/** Every TypeScript file of the repository. */
export function readSources(root: string): SourceFile[] {
  return globSync(['*.ts', ...folders.map((folder) => `${folder}/**/*.ts`)], { cwd: root })
    .toSorted()
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
}

const statement = /^(?:import|export)\s(?:[^;'"`]*?\sfrom\s)?'([^']+)'/gm;
const call = /\bimport\(\s*'([^']+)'\s*\)/g;

/** What a file imports, types and imports on demand too: paths of the repository's files, names of packages. */
export function importsOf({ path, text }: SourceFile): string[] {
  return [...text.matchAll(statement), ...text.matchAll(call)].map(([, specifier = '']) =>
    specifier.startsWith('.') ? normalize(join(dirname(path), specifier)) : specifier,
  );
}

/** The first circle of imports that is found, from a file back to itself; types count. */
export function findCycle(sources: readonly SourceFile[]): string[] | undefined {
  const graph = new Map(sources.map((source) => [source.path, importsOf(source)]));
  const finished = new Set<string>();
  const visit = (path: string, trail: readonly string[]): string[] | undefined => {
    if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path];
    if (finished.has(path)) return undefined;
    for (const next of graph.get(path) ?? []) {
      const cycle = visit(next, [...trail, path]);
      if (cycle !== undefined) return cycle;
    }
    finished.add(path);
    return undefined;
  };
  for (const path of graph.keys()) {
    const cycle = visit(path, []);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}
