import { join } from 'node:path';
import { isInstalled, transferByShell } from './contestants.ts';
import type { Transfer, TransferTask } from './transfer.ts';

/** Where a transfer goes from and to, as any program can be told. */
export interface Leg {
  readonly sourceUrl: string;
  /** Origin and path of the target, apart because an S3 client is given them apart. */
  readonly targetOrigin: string;
  readonly targetPath: string;
  readonly authorityFile: string | null;
}

export interface Peer {
  readonly name: string;
  readonly programs: readonly string[];
  readonly steps: readonly TransferTask['step'][];
  /** The part of its speed that is aimed at; null when it is only looked at. */
  readonly aim: number | null;
  readonly transfer: (leg: Leg, step: TransferTask['step'], folder: string) => Promise<Transfer>;
}

const curlOptions = '--silent --show-error --fail';

/** What the functions are measured against. */
export const peers: readonly Peer[] = [
  {
    name: 'curl | curl',
    programs: ['curl'],
    steps: ['stage', 'upload'],
    aim: 0.8,
    transfer: ({ sourceUrl, targetOrigin, targetPath, authorityFile }) =>
      transferByShell(
        `source=$1 target=$2; shift 2
curl ${curlOptions} "$@" "$source" | curl ${curlOptions} "$@" --upload-file - "$target"`,
        [sourceUrl, `${targetOrigin}${targetPath}`, ...certificateOption('--cacert', authorityFile)],
      ),
  },
  {
    // Staging hashes what it passes on, which curl alone does not.
    name: 'curl | tee md5 sha256 | curl',
    programs: ['curl', 'openssl', 'mkfifo', 'tee'],
    steps: ['stage'],
    aim: 0.8,
    transfer: ({ sourceUrl, targetOrigin, targetPath, authorityFile }, _step, folder) =>
      transferByShell(
        `source=$1 target=$2 md5=$3 sha256=$4; shift 4
rm -f "$md5" "$sha256"; mkfifo "$md5" "$sha256"
openssl dgst -md5 "$md5" >/dev/null & openssl dgst -sha256 "$sha256" >/dev/null &
curl ${curlOptions} "$@" "$source" | tee "$md5" "$sha256" | curl ${curlOptions} "$@" --upload-file - "$target"`,
        [
          sourceUrl,
          `${targetOrigin}${targetPath}`,
          join(folder, 'md5'),
          join(folder, 'sha256'),
          ...certificateOption('--cacert', authorityFile),
        ],
      ),
  },
  {
    // From a pipe, because curl would hold a file from its standard input in memory to learn its size.
    name: 'curl | curl -F',
    programs: ['curl', 'mkfifo'],
    steps: ['my-files'],
    aim: null,
    transfer: ({ sourceUrl, targetOrigin, targetPath, authorityFile }, _step, folder) =>
      transferByShell(
        `source=$1 target=$2 pipe=$3; shift 3
rm -f "$pipe"; mkfifo "$pipe"
curl ${curlOptions} "$@" --output "$pipe" "$source" &
curl ${curlOptions} "$@" --output /dev/null --form isPersonal=true \\
  --form 'postProcessingInstructions={"materialisedPath":"/"}' --form name=bench.bin \\
  --form "file=@$pipe;type=application/octet-stream;filename=bench.bin" "$target"`,
        [
          sourceUrl,
          `${targetOrigin}${targetPath}`,
          join(folder, 'pipe'),
          ...certificateOption('--cacert', authorityFile),
        ],
      ),
  },
  {
    name: 'rclone copyurl',
    programs: ['rclone'],
    steps: ['stage', 'upload'],
    aim: null,
    transfer: ({ sourceUrl, targetOrigin, targetPath, authorityFile }, step) =>
      transferByShell('rclone copyurl --config /dev/null --retries 1 --ignore-checksum "$@"', [
        ...certificateOption('--ca-cert', authorityFile),
        sourceUrl,
        rcloneTarget(targetOrigin, targetPath, step),
      ]),
  },
];

/** Those whose programs this machine has, and a line about each of the others. */
export async function installedPeers(): Promise<{ present: readonly Peer[]; notes: readonly string[] }> {
  const looked = await Promise.all(
    peers.map(async (peer) => {
      const found = await Promise.all(peer.programs.map(isInstalled));
      return { peer, missing: peer.programs.filter((_, index) => found[index] !== true) };
    }),
  );
  return {
    present: looked.flatMap(({ peer, missing }) => (missing.length === 0 ? [peer] : [])),
    notes: looked.flatMap(({ peer, missing }) =>
      missing.length === 0
        ? []
        : [
            `Skipped: ${peer.name}, because ${missing.join(' and ')} is not installed (Debian: apt-get install -y curl rclone openssl).`,
          ],
    ),
  };
}

function certificateOption(option: string, authorityFile: string | null): string[] {
  return authorityFile === null ? [] : [option, authorityFile];
}

/** As the functions send it: in parts of 10 MiB, four at once, when staging, and in one PUT when uploading. */
function rcloneTarget(origin: string, path: string, step: TransferTask['step']): string {
  const options = {
    provider: 'Other',
    access_key_id: 'bench',
    secret_access_key: 'bench',
    region: 'eu-west-1',
    endpoint: `'${origin}'`,
    no_check_bucket: 'true',
    no_head: 'true',
    use_multipart_etag: 'false',
    ...(step === 'stage'
      ? { upload_cutoff: '8M', chunk_size: '8M', upload_concurrency: '4' }
      : { upload_cutoff: '5G' }),
  };
  const list = Object.entries(options).map(([name, value]) => `${name}=${value}`);
  return `:s3,${list.join(',')}:${path.slice(1)}`;
}
