import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { Switches } from './switches.ts';

/** The chunks of an upload's body, no faster than the switch `uploadBytesPerSecond` lets them come. */
export async function* takeSlowly(
  body: Readable,
  switches: Pick<Switches, 'uploadBytesPerSecond'>,
): AsyncGenerator<Buffer, void, undefined> {
  for await (const chunk of body as AsyncIterable<Buffer>) {
    const { uploadBytesPerSecond } = switches;
    if (uploadBytesPerSecond !== null) await delay((chunk.length * 1_000) / uploadBytesPerSecond);
    yield chunk;
  }
}
