import { foresee } from '../local/foreseen-requests.ts';
import { mapReport } from './map-report.ts';
import { mapUsage, parseMapOptions } from './map-command-line.ts';
import { mapPayload } from './mapped-payload.ts';
import { write } from './output.ts';
import { ReaderError } from './reader-error.ts';

/** `npm run map`: shows what a payload of a source means, to its exit code. */
async function main(): Promise<number> {
  try {
    const options = parseMapOptions(process.argv.slice(2));
    if (options === null) {
      await write(process.stdout, `${mapUsage}\n`);
      return 0;
    }
    const { source, settings, payload, events, answer } = await mapPayload(options, process.env);
    stayHere();
    const meant = { source, settings, payload, events: events.map(({ event }) => event), answer };
    // One after the other: the functions of a stack share the environment of the process.
    const foresight = { new: await foresee(meant, false), known: await foresee(meant, true) };
    const report = options.isJson
      ? JSON.stringify({ events, requests: foresight }, null, 2)
      : mapReport(events, foresight);
    await write(process.stdout, `${report}\n`);
    return 0;
  } catch (error) {
    await write(process.stderr, `${error instanceof Error ? error.message : String(error)}\n`);
    return error instanceof ReaderError ? error.exitCode : 1;
  }
}

/** Where the SDK's own variables name an AWS elsewhere, the stack would use it. */
function stayHere(): void {
  for (const name of Object.keys(process.env)) {
    if (name.startsWith('AWS_ENDPOINT_URL')) delete process.env[name];
  }
}

process.exitCode = await main();
