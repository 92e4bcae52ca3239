/** One transfer for a worker to make; it travels as JSON. */
export interface TransferTask {
  readonly step: 'stage' | 'upload' | 'my-files';
  /** `stage`: the URL of the file. Else: the key of the staged object. */
  readonly from: string;
  /** `stage`: the key of the staged object. `upload`: the upload link. `my-files`: the base URL of API v3. */
  readonly to: string;
}

export interface Transfer {
  readonly seconds: number;
  /** User and system time of all processes that took part in it, without the servers at its ends. */
  readonly cpuSeconds: number;
  /** The most memory the process ever held; null where it is not known. */
  readonly peakMebibytes: number | null;
}
