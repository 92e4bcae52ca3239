/** A file or a ticket on its way through Showpad's processing: plain data, which can be kept. */
export interface Walk {
  readonly kind: 'file' | 'ticket';
  /** Of the file or the ticket. */
  readonly id: string;
  /** The statuses that are still to be shown before the end. */
  readonly steps: readonly string[];
  /** When the next of them is shown, in milliseconds of the emulator's clock. */
  readonly dueAtMs: number;
}
