import { findCycle, importsOf, type SourceFile } from './source-graph.ts';

/** Something that must hold for all source files together. */
export interface ArchitectureRule {
  readonly name: string;
  /** A file that the rule must object to, or it would be worth nothing. */
  readonly example: SourceFile;
  /** One sentence for each place where the rule does not hold. */
  readonly faults: (sources: readonly SourceFile[]) => string[];
}

// From the top down: a file imports from its own layer and from those below. The first that matches counts.
const layers: readonly RegExp[] = [
  /^(?:test|bench)\//,
  /^(?:local\/|cli\/|build\.ts$)/,
  /^functions\//,
  /^lib\/(?:handlers|inbox\/translate-file|manifest\/(?:accept-rows|begin-imports|import-turn|plan-rows|report-import)|work|proceed|end-job|ensure-asset|accept-events|accept-payload|accept-delivery|accept-sns-message|apply-tag|stage-file|file-details|push-work|end-push|revive-job|resume-job|message-fault|dead-letter|sweep(?:-jobs|-leases|-dead-letters|-bucket|-silence)?|lost-ticket|poll-ticket|send-file|transfer-limits)\.ts$/,
  /^lib\/services\.ts$/,
  /^lib\//,
];
const layerOf = (path: string): number => layers.findIndex((layer) => layer.test(path));

const isDeployed = ({ path }: SourceFile): boolean => /^(?:lib|functions)\//.test(path);
const isFunction = ({ path }: SourceFile): boolean => path.startsWith('functions/');
const mostLines = 300;

/** A rule that can be judged file by file. */
function eachFile(
  name: string,
  isMeant: (source: SourceFile) => boolean,
  isFault: (source: SourceFile) => boolean,
  example: SourceFile,
): ArchitectureRule {
  return {
    name,
    example,
    faults: (sources) =>
      sources.filter((source) => isMeant(source) && isFault(source)).map(({ path }) => path),
  };
}

/** A rule about what some files may import. */
function eachImport(
  name: string,
  isMeant: (source: SourceFile) => boolean,
  isAllowed: (imported: string, importer: string) => boolean,
  example: SourceFile,
): ArchitectureRule {
  return {
    name,
    example,
    faults: (sources) =>
      sources.filter(isMeant).flatMap((source) =>
        importsOf(source)
          .filter((imported) => !isAllowed(imported, source.path))
          .map((imported) => `${source.path} imports ${imported}.`),
      ),
  };
}

const contains = (pattern: RegExp) => {
  return ({ text }: SourceFile): boolean => pattern.test(withoutComments(text));
};

function withoutComments(text: string): string {
  return text.replaceAll(/^\s*(?:\/\/|\/?\*).*$/gm, '');
}

export const architectureRules: readonly ArchitectureRule[] = [
  eachImport(
    'imports point down only',
    () => true,
    (imported, importer) => {
      const layer = layerOf(imported);
      return layer === -1 || layer >= layerOf(importer);
    },
    { path: 'lib/queues.ts', text: "import type { Services } from './services.ts';" },
  ),
  {
    name: 'no file imports itself in a circle',
    example: { path: 'lib/config.ts', text: "import type {\n  Services,\n} from './config.ts';" },
    faults: (sources) => {
      const cycle = findCycle(sources);
      return cycle === undefined ? [] : [cycle.join(' → ')];
    },
  },
  eachImport(
    'functions meet in queues, never by import',
    isFunction,
    (imported) => !imported.startsWith('functions/'),
    { path: 'functions/new.ts', text: "const { handler } = await import('./get-job.ts');" },
  ),
  eachImport(
    'lib/showpad knows neither AWS nor jobs',
    ({ path }) => path.startsWith('lib/showpad/'),
    (imported) =>
      imported.startsWith('node:') ||
      imported.startsWith('lib/showpad/') ||
      [
        'undici',
        'zod',
        'lib/guarded-connector.ts',
        'lib/public-addresses.ts',
        'lib/retry-rules.ts',
        'lib/without-secrets.ts',
      ].includes(imported),
    { path: 'lib/showpad/new.ts', text: "import type { Job } from '../jobs.ts';" },
  ),
  eachImport(
    'only lib/handlers.ts knows middy and how batches fail',
    ({ path }) => path !== 'lib/handlers.ts',
    (imported) => !/^(?:@middy\/|@aws-lambda-powertools\/batch)/.test(imported),
    { path: 'functions/new.ts', text: "import middy, { type MiddlewareObj } from '@middy/core';" },
  ),
  eachFile(
    'only lib/services.ts reads the environment',
    (source) => isDeployed(source) && source.path !== 'lib/services.ts',
    contains(/\bprocess\s*\.\s*env\b|\bprocess\s*\[|\benv\b[^;]*from 'node:process'/),
    { path: 'lib/new.ts', text: 'const { TABLE_NAME } = process.env;' },
  ),
  eachFile(
    'only lib/end-job.ts ends jobs, so that every end is announced',
    (source) => isDeployed(source) && source.path !== 'lib/end-job.ts',
    contains(/\bjobs\s*\??\.\s*end\b/),
    { path: 'lib/new.ts', text: "await services.jobs.end(job, 'done');" },
  ),
  eachFile(
    'functions and lib write no log line past the logger',
    isDeployed,
    contains(/\bconsole\s*[.[]|\bprocess\.std(?:out|err)\b/),
    { path: 'lib/new.ts', text: "console.log('here');" },
  ),
  eachFile(
    'global fetch is not used',
    isDeployed,
    contains(/(?<![.\w'"`])fetch\(|\bglobalThis\s*\.\s*fetch\b/),
    { path: 'lib/new.ts', text: "const answer = await fetch('https://example.com');" },
  ),
  eachFile(
    'the first line of a function says what starts it and what it does',
    isFunction,
    ({ text }) => !/^\/\/ \S.* → \S.*\.\n/.test(text),
    { path: 'functions/new.ts', text: '// Does something.\n' },
  ),
  eachFile(
    'a function exports its handler and nothing else',
    isFunction,
    ({ text }) => {
      const exported = [
        ...text.matchAll(/^export (?:const|function|async function|class|type|interface|default) ?(\w*)/gm),
      ];
      return exported.length !== 1 || exported[0]?.[1] !== 'handler';
    },
    { path: 'functions/new.ts', text: 'export const handler = 1;\nexport const other = 2;\n' },
  ),
  eachFile(
    // A named import brings four times as much code along.
    'zod is imported as a whole',
    () => true,
    contains(/^import\s+(?!(?:type )?\* as z\s)[^;]*\sfrom 'zod(?:\/[^']*)?'/m),
    { path: 'lib/new.ts', text: "import { z } from 'zod';" },
  ),
  eachFile(
    `no file has more than ${mostLines} lines`,
    () => true,
    ({ text }) => text.trimEnd().split('\n').length > mostLines,
    { path: 'lib/new.ts', text: 'a();\n'.repeat(mostLines + 1) },
  ),
  eachFile(
    'no file passes on what others export',
    () => true,
    ({ path, text }) => /(?:^|\/)index\.ts$/.test(path) || /^export\s[^;'"`]*\sfrom\s'/m.test(text),
    { path: 'lib/new.ts', text: "export {\n  one,\n} from './one.ts';" },
  ),
  eachFile(
    'no folder is a drawer for everything',
    () => true,
    ({ path }) => /(?:^|\/)(?:utils?|helpers?|types|common|misc|shared)(?:\/|\.ts$)/.test(path),
    { path: 'lib/utils/new.ts', text: '' },
  ),
];
