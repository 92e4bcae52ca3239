// `node test/faults/command.ts --seeds N`: every kill point, N seeds of the campaign, and power cuts; `SEED=7` replays one.
import { spawn } from 'node:child_process';
import { parseArgs } from 'node:util';

const { values, tokens } = parseArgs({
  options: { seeds: { type: 'string', default: '200' } },
  strict: false,
  tokens: true,
});
const seeds = String(values['seeds']);
const forVitest = tokens.flatMap((token) =>
  token.kind === 'option' && token.name !== 'seeds'
    ? [token.value === undefined ? token.rawName : `${token.rawName}=${token.value}`]
    : [],
);
if (!/^[1-9]\d*$/.test(seeds)) {
  console.error('Give the number of seeds: npm run faults -- --seeds 200');
  process.exit(2);
}
const isReplay = process.env['SEED'] !== undefined;
const place = isReplay ? 'test/faults/campaign.test.ts' : 'test/faults';
const tests = spawn('vitest', ['run', place, ...forVitest], {
  stdio: 'inherit',
  env: { ...process.env, SEEDS: seeds, FAULTS: 'all', POWER_JOBS: process.env['POWER_JOBS'] ?? '500' },
});
tests.on('error', (error) => {
  console.error(`vitest did not start: ${error.message}. Run npm ci first.`);
  process.exitCode = 1;
});
tests.on('exit', (code) => {
  process.exitCode = code ?? 1;
});
