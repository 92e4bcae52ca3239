import { rm } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { greeting } from './greeting.ts';
import { readableLine } from './log-line.ts';
import { writeReadyFile } from './ready-file.ts';
import { parseSettings } from './settings.ts';
import { startStack } from './stack.ts';
import type { Stack } from './stack.ts';

const usage = `Usage: npm start -- [--ready-file FILE] [--json-logs]
  --ready-file FILE  write URLs, secrets and names as JSON to FILE once everything answers
  --json-logs        print the functions' log lines as they are`;

/** `npm start`: the whole system, until Ctrl-C. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      'ready-file': { type: 'string' },
      'json-logs': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(usage);
    return;
  }
  const readyFile = values['ready-file'];
  const settings = parseSettings(process.env);
  const onLog = (line: string): void => {
    const shown = values['json-logs'] ? line : readableLine(line);
    if (shown !== undefined) console.log(shown);
  };

  let stack: Stack | undefined;
  let stopping = false;
  const stop = async (exitCode: number): Promise<void> => {
    if (stopping) return;
    stopping = true;
    if (readyFile !== undefined) await rm(readyFile, { force: true });
    await stack?.stop();
    process.exit(exitCode);
  };
  const onSignal = (): void => {
    // The children end with this process, so a second Ctrl-C can leave at once.
    if (stopping) process.exit(130);
    console.log('Stopping …');
    void stop(0);
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  const onCrash = (message: string): void => {
    if (!stopping) console.error(`${message} Stopping everything.`);
    void stop(1);
  };

  if (readyFile !== undefined) await rm(readyFile, { force: true });
  stack = await startStack({ processes: 'own', ...settings, onLog, onCrash });
  if (readyFile !== undefined) await writeReadyFile(readyFile, stack);
  console.log(greeting(stack));
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
