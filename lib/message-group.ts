import { createHash } from 'node:crypto';

const longestGroup = 128;
const notAllowed = /[^\w!"#$%&'()*+,\-./:;<=>?@[\\\]^`{|}~]/gu;

/**
 * The SQS message group of a source: its name where SQS takes it, else a readable beginning and a stable hash. SQS
 * takes 1–128 ASCII letters, digits and punctuation marks.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
 */
export function messageGroup(source: string): string {
  const readable = source.replaceAll(notAllowed, '_');
  const isTaken = readable === source && source.length <= longestGroup && source !== '';
  if (isTaken && !/~[0-9a-f]{32}$/.test(source)) return source;
  const hash = createHash('sha256').update(source).digest('hex').slice(0, 32);
  return `${readable.slice(0, longestGroup - hash.length - 1)}~${hash}`;
}
