import { parseCommandLine } from './command-line.ts';
import { connect, findConnection } from './connection.ts';
import { describeFailure } from './failure.ts';
import { createOutput, write } from './output.ts';
import { usage } from './usage.ts';

/** `npm run showpad`: one command, to its exit code. */
async function main(): Promise<number> {
  const situation = { operand: '', tokenFrom: '' };
  try {
    const commandLine = parseCommandLine(process.argv.slice(2));
    if (commandLine === null) {
      await write(process.stdout, `${usage}\n`);
      return 0;
    }
    situation.operand = commandLine.operand;
    const connection = await findConnection(process.env);
    situation.tokenFrom = connection.tokenFrom;
    const client = connect(connection);
    try {
      const output = createOutput(commandLine.output, process.stdout, process.stderr);
      await commandLine.command.run(client, commandLine, output);
    } finally {
      await client.close();
    }
    return 0;
  } catch (error) {
    // Whoever reads the output, such as head, has had enough.
    if (error instanceof Error && 'code' in error && error.code === 'EPIPE') return 0;
    const { message, exitCode } = describeFailure(error, situation);
    await write(process.stderr, `${message}\n`);
    return exitCode;
  }
}

// Failed writes are reported where they are made.
process.stdout.on('error', () => undefined);
process.stderr.on('error', () => undefined);
process.exitCode = await main();
