import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { ConnectorClient } from '../../local/demo/connector-client.ts';

const lookEveryMs = 500;

/** Events that come while something else is going on, and how long each of them waits. */
export class LiveEvents {
  readonly #connector: ConnectorClient;

  constructor(connector: ConnectorClient) {
    this.#connector = connector;
  }

  /**
   * Sends one event after the other until the task ends, with a pause between them; how many milliseconds each took
   * from its acceptance to its asset, by the connector's clock.
   */
  async during(task: Promise<unknown>, pauseMs: number): Promise<number[]> {
    const waits: number[] = [];
    const end = new AbortController();
    const over = task.finally(() => end.abort());
    over.catch(() => undefined);
    while (!end.signal.aborted) {
      waits.push(await this.#wait());
      await Promise.race([over, delay(pauseMs)]);
    }
    await over;
    return waits;
  }

  async #wait(): Promise<number> {
    const eventId = randomUUID();
    const { jobId } = await this.#connector.send({
      eventId,
      type: 'asset.upsert',
      subject: `live/${eventId}`,
      time: new Date(),
      data: { url: 'https://live.example/', metadata: { name: 'Live' } },
    });
    // To look often would be a load of its own.
    const job = await this.#connector.follow(jobId, () => delay(lookEveryMs));
    if (job.state !== 'done') throw new Error(`A live event has ended as ${job.state}.`);
    return Date.parse(job.updatedAt) - Date.parse(job.createdAt);
  }
}
