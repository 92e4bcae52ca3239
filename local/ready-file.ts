import { rename, writeFile } from 'node:fs/promises';
import type { Stack } from './stack.ts';

/** What an outside program needs to use the running stack. */
export function readyContent(stack: Stack): Record<string, unknown> {
  const { s3, sqs, dynamodb, sns, events } = stack.aws;
  const { v4Url, v3Url, token } = stack.showpad;
  return {
    api: stack.apiUrl,
    aws: { s3, sqs, dynamodb, sns, events },
    showpad: { v4: v4Url, v3: v3Url, ...(token === undefined ? {} : { token }) },
    sources: stack.sources,
    buckets: stack.buckets,
    queues: stack.queues,
    topics: stack.topics,
    processes: { workers: stack.workerPids },
  };
}

/** Writes the file in one step: whoever sees it sees all of it. Only its owner may read it: it holds secrets. */
export async function writeReadyFile(file: string, stack: Stack): Promise<void> {
  const temporary = `${file}.${process.pid}.tmp`;
  await writeFile(temporary, `${JSON.stringify(readyContent(stack), null, 2)}\n`, { mode: 0o600 });
  await rename(temporary, file);
}
