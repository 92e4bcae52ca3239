import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { request } from 'undici';
import { cloudEvent, signed } from '../connector.ts';
import { startLocalSystem, type LocalSystem, type Ready } from './local-system.ts';
import type { Sending } from './power-cut-events.ts';
import { nameOf, type CutTrigger, type Moment } from './power-cuts.ts';

export interface PowerCutRun {
  readonly ready: Ready;
  /** The moments of the cuts, milliseconds since 1970. */
  readonly cutsMs: readonly number[];
  readonly cuts: readonly string[];
  /** The jobs that were answered for, by the id of their event. */
  readonly accepted: ReadonlyMap<string, string>;
  /** Deliveries that got no answer, or a 5xx, and were sent again. */
  readonly repeated: number;
}

interface RunOptions {
  readonly settings: Readonly<Record<string, string>>;
  /** Settings that only the first start has, and later ones find in their folder. */
  readonly firstSettings: Readonly<Record<string, string>>;
  readonly secrets: Readonly<Record<string, string>> | undefined;
  readonly sendings: readonly Sending[];
  readonly moments: readonly Moment[];
  readonly trigger: CutTrigger;
  /** Takes the way to end it, should somebody else have to. */
  readonly onStart: (stop: () => Promise<void>) => void;
}

const lanes = 12;
const retryMs = 50;

/**
 * Starts the local system, sends it events as a sender does, and cuts its power at each of the moments. When it
 * settles all events were accepted, and the system runs for the last time.
 */
export async function runThroughPowerCuts(options: RunOptions): Promise<PowerCutRun> {
  const { settings, firstSettings, sendings, moments, trigger } = options;
  const directory = mkdtempSync(join(tmpdir(), 'power-cut-'));
  let isStopped = false;
  const start = (more: Readonly<Record<string, string>> = {}): LocalSystem => {
    if (isStopped) throw new Error('The test is over.');
    const folder = { STATE_DIR: join(directory, 'state') };
    return startLocalSystem(join(directory, 'ready.json'), { ...folder, ...settings, ...more });
  };
  const accepted = new Map<string, string>();
  const cutsMs: number[] = [];
  const cuts: string[] = [];
  let repeated = 0;
  let system = start(firstSettings);
  const stop = async (): Promise<void> => {
    isStopped = true;
    await system.cutPower();
    rmSync(directory, { recursive: true, force: true });
  };
  options.onStart(stop);
  const cut = async (name: string): Promise<void> => {
    cutsMs.push(Date.now());
    cuts.push(name);
    await system.cutPower();
  };
  const eventsOfLife = Math.ceil(sendings.length / (moments.length + 1));
  const waiting = [...sendings];
  const live = async (ready: Ready, most: number): Promise<void> => {
    const secrets =
      options.secrets ??
      Object.fromEntries(Object.entries(ready.sources).map(([name, { secret }]) => [name, secret]));
    let left = most;
    const lane = async (): Promise<void> => {
      while (left > 0) {
        const sending = waiting.shift();
        if (sending === undefined) return;
        left -= 1;
        const jobId = await deliver(ready.api, sending, secrets[sending.source] ?? '');
        if (jobId === null) {
          // A sender that got no answer sends it again, once there is somebody to send it to.
          repeated += 1;
          waiting.unshift(sending);
          left += 1;
          await delay(retryMs);
          if (cutsMs.length > life) return;
        } else {
          accepted.set(sending.id, jobId);
          trigger.count('deliveries accepted');
        }
      }
    };
    const life = cutsMs.length;
    await Promise.all(Array.from({ length: lanes }, lane));
  };
  for (const moment of moments) {
    const ready = await system.ready;
    const sending = live(ready, eventsOfLife);
    await trigger.moment(moment, sending);
    await cut(nameOf(moment));
    await sending;
    system = start();
    if (moment.restartCutMs !== null) {
      await delay(moment.restartCutMs);
      await cut('while it started');
      system = start();
    }
  }
  const ready = await system.ready;
  await live(ready, Infinity);
  return { ready, cutsMs, cuts, accepted, repeated };
}

/** The id of the job; null when the delivery was not answered for. */
async function deliver(api: string, { source, event }: Sending, secret: string): Promise<string | null> {
  const body = JSON.stringify(cloudEvent(event));
  try {
    const answer = await request(`${api}/events/${source}`, {
      method: 'POST',
      headers: signed(secret, body),
      body,
    });
    const text = await answer.body.text();
    if (answer.statusCode >= 500) return null;
    if (answer.statusCode >= 300)
      throw new RefusedError(`The event was refused with ${answer.statusCode}: ${text}`);
    return (JSON.parse(text) as { jobs: [{ id: string }] }).jobs[0].id;
  } catch (error) {
    if (error instanceof RefusedError) throw error;
    return null;
  }
}

class RefusedError extends Error {}
