import { resolve } from 'node:path';
import { connectToConnector, findConnector } from './connector-api.ts';
import { bringManifest } from './bring-manifest.ts';
import { parseImportOptions, type ImportOptions } from './import-command-line.ts';
import { importUsage } from './import-usage.ts';
import { checkFile, faultLines, findManifest, type ManifestFile } from './manifest-file.ts';
import { write } from './output.ts';
import { ReaderError } from './reader-error.ts';
import { showPlan } from './show-plan.ts';
import { watchImport } from './watch-import.ts';

const interrupted = 130;

/** `npm run import`: a manifest into the running system, to its exit code. */
async function main(): Promise<number> {
  try {
    const options = parseImportOptions(process.argv.slice(2));
    if (options === null) {
      await write(process.stdout, `${importUsage}\n`);
      return 0;
    }
    return await run(options);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EPIPE') return 0;
    await write(process.stderr, `${error instanceof Error ? error.message : String(error)}\n`);
    return error instanceof ReaderError ? error.exitCode : 1;
  }
}

async function run(options: ImportOptions): Promise<number> {
  const { task, skipInvalid, isJson } = options;
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  if (task.kind === 'watch') {
    const api = await connectToConnector(await findConnector(process.env), process.env);
    return watchImport(api, task.id, inCalledFolder(options), stop.signal);
  }
  // `npm run` stands in the project's own folder.
  const file = await findManifest(resolve(process.env['INIT_CWD'] ?? '.', task.file), task.source);
  const isRight = await check(file, skipInvalid, isJson, stop.signal);
  if (stop.signal.aborted) return interrupted;
  if (!isRight) return 1;
  const api = await connectToConnector(await findConnector(process.env), process.env);
  if (task.kind === 'plan') return showPlan(api, task.source, file, isJson);
  const id = await bringManifest(api, file, { source: task.source, skipInvalid }, stop.signal);
  return id === null ? interrupted : watchImport(api, id, inCalledFolder(options), stop.signal);
}

/** Says what is wrong with the file, and whether it can be imported. */
async function check(
  file: ManifestFile,
  skipInvalid: boolean,
  isJson: boolean,
  signal: AbortSignal,
): Promise<boolean> {
  const isShown = process.stderr.isTTY && !isJson;
  const checked = await checkFile(file, (rows) => {
    signal.throwIfAborted();
    if (isShown) process.stderr.write(`\u001B[2K\rchecking  ${rows.toLocaleString('en-US')} rows`);
  }).catch((error: unknown) => {
    if (signal.aborted) return null;
    throw error;
  });
  if (isShown) process.stderr.write('\u001B[2K\r');
  if (checked === null) return false;
  const { rows, invalidRows, faults, faultCount, isReadable } = checked;
  if (faultCount === 0) return true;
  const goesOn = skipInvalid && isReadable;
  if (isJson && !goesOn) {
    await write(
      process.stdout,
      `${JSON.stringify({ state: 'refused', rows, invalidRows, faults, faultCount })}\n`,
    );
  }
  await write(process.stderr, `${faultLines(file.name, faults, faultCount).join('\n')}\n`);
  if (goesOn) {
    await write(process.stderr, `${invalidRows} of ${rows} rows are passed over.\n`);
    return true;
  }
  const hint = isReadable ? ' --skip-invalid imports the others.' : '';
  await write(process.stderr, `Nothing was sent: ${invalidRows} of ${rows} rows are wrong.${hint}\n`);
  return false;
}

function inCalledFolder({ resultFolder, ...options }: ImportOptions): ImportOptions {
  return { ...options, resultFolder: resolve(process.env['INIT_CWD'] ?? '.', resultFolder) };
}

// Failed writes are reported where they are made.
process.stdout.on('error', () => undefined);
process.stderr.on('error', () => undefined);
process.exitCode = await main();
