// StageQueue → the source's file, byte for byte, in the staging bucket.
import { randomUUID } from 'node:crypto';
import { download } from '../lib/download.ts';
import { sqsHandler } from '../lib/handlers.ts';
import { stepMessageSchema } from '../lib/queues.ts';
import { deleteStaged, stageStream } from '../lib/staging.ts';
import { step, type StepOutcome, type Work } from '../lib/work.ts';

export const handler = sqsHandler(stepMessageSchema, step('stage', stageBinary));

async function stageBinary({ services, job, asset, signal }: Work): Promise<StepOutcome> {
  const { config, assets, jobs, telemetry } = services;
  const content = asset.desired.content;
  if (content === undefined || 'url' in content.value) return 'proceed';
  const { file } = content.value;
  await jobs.advance(job.id, 'staging');

  // Each try has an object of its own, so that two that run at once cannot mix their bytes.
  const object = { ...(await services.staging()), key: `staged/${job.id}/${randomUUID()}` };
  const dispatcher = await services.sourceDispatcher();
  try {
    const source = await download(file.url, {
      dispatcher,
      allowPrivateAddresses: config.ALLOW_PRIVATE_SOURCES,
      maxBytes: config.MAX_FILE_BYTES,
      expected: file,
      signal,
    });
    const { body, size } = source;
    await stageStream({ ...object, body, size, mediaType: file.mediaType ?? source.mediaType, signal });
    const { bytes, md5, sha256 } = source.result();
    const staged = { order: content.order, objectKey: object.key, size: bytes, md5, sha256 };
    if (!(await assets.recordStaged(job.key, staged))) {
      // Newer content has come, or a twin of this invocation was faster.
      await deleteStaged(object);
      return 'proceed';
    }
    await jobs.advance(job.id, 'staged');
    await telemetry.fileStaged(job, { size: bytes, md5, sha256 });
    return 'proceed';
  } finally {
    await dispatcher.destroy();
  }
}
