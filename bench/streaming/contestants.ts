import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { trusted } from '../../local/child.ts';
import { functionEnvironment } from '../function-environment.ts';
import type { Transfer, TransferTask } from './transfer.ts';

const execute = promisify(execFile);
const workerFile = fileURLToPath(new URL('worker.ts', import.meta.url));
// Settings of this machine, such as proxies, must not decide the race.
const peerEnvironment = { PATH: '/usr/local/bin:/usr/bin:/bin:/opt/homebrew/bin', LC_ALL: 'C' };

/** Whether a peer's program is there; none is ever installed by the bench. */
export async function isInstalled(program: string): Promise<boolean> {
  const found = execute('/bin/sh', ['-c', 'command -v "$1"', 'sh', program], { env: peerEnvironment });
  return found.then(
    () => true,
    () => false,
  );
}

/** The functions' own code in a fresh process. */
export async function transferOurselves(
  task: TransferTask,
  { storeUrl, authorityFile }: { storeUrl: string; authorityFile: string | null },
): Promise<Transfer> {
  const env = {
    ...functionEnvironment({ s3: storeUrl }),
    ...(authorityFile !== null && { NODE_EXTRA_CA_CERTS: authorityFile }),
  };
  const { stdout } = await execute(process.execPath, [workerFile, JSON.stringify(task)], { env });
  return trusted<Transfer>().parse(JSON.parse(stdout));
}

/** A pipeline of other programs: a shell script that is given its URLs and options as `$1`, `$2` and so on. */
export async function transferByShell(script: string, parameters: readonly string[]): Promise<Transfer> {
  const startedAt = performance.now();
  const { stdout } = await execute('/bin/sh', ['-c', `${script}\nwait\ntimes`, 'sh', ...parameters], {
    env: peerEnvironment,
  });
  const seconds = (performance.now() - startedAt) / 1_000;
  const times = stdout.matchAll(/(\d+)m([\d.]+)s/g);
  const cpuSeconds = [...times].reduce(
    (sum, [, minutes, rest]) => sum + Number(minutes) * 60 + Number(rest),
    0,
  );
  return { seconds, cpuSeconds, peakMebibytes: null };
}
