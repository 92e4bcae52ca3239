import type { HeardSource } from './source-rhythms.ts';
import type { Roster } from './source-roster.ts';
import type { Sweep } from './sweep.ts';
import { allowedSilenceMs, hear, usualGapMs } from './usual-gap.ts';

// An index lags, and clocks differ: so much is read once more the next time, which changes nothing.
const lagMs = 60_000;
const hourMs = 3_600_000;
/** A silence counts for a day: then the alarm ends, so that it can ring for another source. */
const countsMs = 24 * hourMs;
const mostPages = 100;

/**
 * Sources that have been silent for longer than is usual for them: counts them, and names each of them once. What is
 * usual is learned from the jobs of their events. A source that is set up no more is forgotten.
 */
export async function sweepSilence({ services, isTimeUp }: Sweep): Promise<void> {
  const { rhythms, roster, telemetry } = services;
  const nowMs = Date.now();
  const [known, listed] = await Promise.all([rhythms.read(), roster.read()]);
  const heard = new Map(Object.entries(known.sources));
  const fromMs = known.untilMs ?? nowMs - lagMs;
  const toMs = Math.max(fromMs, nowMs);
  let untilMs = fromMs;
  let pages = 0;
  for await (const arrivals of rhythms.arrivals(fromMs, toMs)) {
    for (const { source, atMs } of arrivals.events) listen(heard, source, atMs);
    untilMs = arrivals.untilMs;
    pages += 1;
    if (untilMs < toMs && (pages >= mostPages || isTimeUp())) break;
  }
  if (untilMs < toMs) {
    // Who has not heard everything calls nobody silent.
    await rhythms.save({ untilMs, sources: Object.fromEntries(heard) });
    return;
  }
  let silent = 0;
  for (const [name, source] of heard) {
    if (listed !== null && !Object.hasOwn(listed, name)) {
      heard.delete(name);
      continue;
    }
    const toldAtMs = judge(services, name, source, listed, nowMs);
    heard.set(name, { rhythm: source.rhythm, toldAtMs });
    if (toldAtMs !== undefined && nowMs - toldAtMs < countsMs) silent += 1;
  }
  // To tell of a silence twice does no harm, to note that it was told without telling does.
  await rhythms.save({ untilMs: Math.max(fromMs, nowMs - lagMs), sources: Object.fromEntries(heard) });
  telemetry.sourcesSilent(silent);
}

function listen(heard: Map<string, HeardSource>, name: string, atMs: number): void {
  const known = heard.get(name);
  const rhythm = hear(known?.rhythm, atMs);
  if (rhythm !== known?.rhythm) heard.set(name, { rhythm });
}

/** @returns when its silence was told; undefined when there is none */
function judge(
  { telemetry }: Sweep['services'],
  name: string,
  { rhythm, toldAtMs }: HeardSource,
  listed: Roster | null,
  nowMs: number,
): number | undefined {
  const quietHours = listed?.[name]?.quietHours;
  const learnedMs = allowedSilenceMs(rhythm, nowMs);
  const allowedMs = quietHours === undefined ? learnedMs : quietHours === 0 ? null : quietHours * hourMs;
  const silentMs = nowMs - rhythm.lastAtMs;
  if (allowedMs === null || silentMs <= allowedMs) return undefined;
  if (toldAtMs !== undefined) return toldAtMs;
  telemetry.sourceSilent(name, { silentMs, allowedMs, usualMs: usualGapMs(rhythm, nowMs) });
  return nowMs;
}
