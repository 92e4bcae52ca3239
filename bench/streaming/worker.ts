// One transfer in a process of its own, by the services and the code that the deployed functions use.
import { download } from '../../lib/download.ts';
import { createDispatcher } from '../../lib/guarded-connector.ts';
import { getServices } from '../../lib/services.ts';
import { ShowpadClient } from '../../lib/showpad/client.ts';
import { uploadToMyFiles } from '../../lib/showpad/my-files.ts';
import { staticToken } from '../../lib/showpad/token.ts';
import { uploadBinary } from '../../lib/showpad/upload.ts';
import { openStaged, stageStream } from '../../lib/staging.ts';
import { trusted } from '../../local/child.ts';
import type { Transfer, TransferTask } from './transfer.ts';

const contentMD5 = Buffer.alloc(16).toString('base64');

async function stage({ from, to }: TransferTask): Promise<void> {
  const { config, staging, sourceDispatcher } = getServices();
  const dispatcher = await sourceDispatcher();
  try {
    const file = await download(from, {
      dispatcher,
      allowPrivateAddresses: config.ALLOW_PRIVATE_SOURCES,
      maxBytes: config.MAX_FILE_BYTES,
    });
    const { body, size, mediaType } = file;
    await stageStream({ ...(await staging()), key: to, body, size, mediaType });
    file.result();
  } finally {
    await dispatcher.destroy();
  }
}

async function upload({ from, to }: TransferTask): Promise<void> {
  const { staging, showpad } = getServices();
  const { body, size } = await openStaged({ ...(await staging()), key: from });
  const uploadMeta = { uploadUrl: to, suggestedContentType: 'application/octet-stream' };
  await uploadBinary(await showpad(), { uploadMeta, body, size, contentMD5 });
}

async function sendToMyFiles({ from, to }: TransferTask): Promise<void> {
  const { staging } = getServices();
  const client = new ShowpadClient({
    v4Url: to,
    v3Url: to,
    token: staticToken(() => Promise.resolve('bench')),
    createDispatcher: () => createDispatcher({ allowPrivateAddresses: true }),
  });
  const { body, size } = await openStaged({ ...(await staging()), key: from });
  const file = { name: from, fileName: from, contentType: 'application/octet-stream', body, size };
  await uploadToMyFiles(client, { divisionId: 'mine', folder: '/', ...file });
}

const transfers: Readonly<Record<TransferTask['step'], (task: TransferTask) => Promise<void>>> = {
  stage,
  upload,
  'my-files': sendToMyFiles,
};

async function measure(task: TransferTask): Promise<Transfer> {
  const transfer = transfers[task.step];
  // A container that has loaded its modules, as all but the first invocation find it.
  const { staging, showpad, sourceDispatcher } = getServices();
  await Promise.all([staging(), showpad(), sourceDispatcher().then((dispatcher) => dispatcher.destroy())]);

  const cpuBefore = process.cpuUsage();
  const startedAt = performance.now();
  await transfer(task);
  const seconds = (performance.now() - startedAt) / 1_000;
  const { user, system } = process.cpuUsage(cpuBefore);
  return {
    seconds,
    cpuSeconds: (user + system) / 1_000_000,
    peakMebibytes: process.resourceUsage().maxRSS / 1_024,
  };
}

const transfer = await measure(trusted<TransferTask>().parse(JSON.parse(process.argv[2] ?? '')));
process.stdout.write(JSON.stringify(transfer), () => process.exit(0));
