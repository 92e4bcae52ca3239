/** An object of the inbox bucket, as an event names it: `s3://{bucket}/{key}`, each part of the key encoded. */
export function inboxUrl(bucket: string, key: string): string {
  return `s3://${bucket}/${key.split('/').map(encodeURIComponent).join('/')}`;
}

/** Whether a file waits in a bucket of ours instead of at a URL. */
export function isInboxUrl(url: string): boolean {
  return /^s3:/i.test(url);
}

/** Whether a file was dropped into the inbox, instead of being named by who put it into the bucket. */
export function isDroppedUrl(url: string): boolean {
  return /^s3:\/\/[^/]+\/inbox\//.test(url);
}
