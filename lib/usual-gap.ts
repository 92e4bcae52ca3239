const hourMs = 3_600_000;
const weekMs = 168 * hourMs;

/** Before a source has been heard over a whole week, nobody knows what its nights and weekends are like. */
const learningMs = weekMs;
/** The week that runs and the four before it: what was usual longer ago is forgotten. */
const weeksKept = 5;
/** So that a long weekend passes, after the ordinary ones of the weeks before it. */
const factor = 2;
const leastAllowedMs = hourMs;

/** What is known of how often a source is heard. */
export interface Rhythm {
  readonly firstAtMs: number;
  readonly lastAtMs: number;
  /** The longest gap between two events, by the week (counted since 1970) in which it ended. */
  readonly longestGapsMs: Readonly<Record<string, number>>;
}

/**
 * What is known after an event. One that is not newer than the last changes nothing, so that events may be heard
 * twice and late. A gap longer than what was allowed is taken for an outage and not learned whole: otherwise an
 * outage of a week would hide all others of the next month. A source that has really become slower is believed after
 * a few such gaps, as each of them doubles what is allowed.
 */
export function hear(rhythm: Rhythm | undefined, atMs: number): Rhythm {
  // What was known of one that comes back after more than a month is forgotten.
  if (rhythm === undefined || atMs - rhythm.lastAtMs > weeksKept * weekMs) {
    return { firstAtMs: atMs, lastAtMs: atMs, longestGapsMs: {} };
  }
  if (atMs <= rhythm.lastAtMs) return rhythm;
  const gapMs = Math.min(atMs - rhythm.lastAtMs, allowedSilenceMs(rhythm, atMs) ?? Number.POSITIVE_INFINITY);
  const week = String(weekOf(atMs));
  const recent = recentGaps(rhythm, atMs);
  const longestMs = Math.max(gapMs, rhythm.longestGapsMs[week] ?? 0);
  return { ...rhythm, lastAtMs: atMs, longestGapsMs: { ...Object.fromEntries(recent), [week]: longestMs } };
}

/** The longest gap of the last four weeks; null while too little is known. */
export function usualGapMs(rhythm: Rhythm, nowMs: number): number | null {
  const gaps = recentGaps(rhythm, nowMs).map(([, gapMs]) => gapMs);
  const isKnown = rhythm.lastAtMs - rhythm.firstAtMs >= learningMs && gaps.length > 0;
  return isKnown ? Math.max(...gaps) : null;
}

/**
 * For how long a source may be silent before that is worth a word: twice what is usual, never less than an hour;
 * null while too little is known, and for a source that is heard more seldom than every few weeks.
 */
export function allowedSilenceMs(rhythm: Rhythm, nowMs: number): number | null {
  const usualMs = usualGapMs(rhythm, nowMs);
  return usualMs === null ? null : Math.max(leastAllowedMs, factor * usualMs);
}

function recentGaps({ longestGapsMs }: Rhythm, nowMs: number): [week: string, gapMs: number][] {
  return Object.entries(longestGapsMs).filter(([week]) => weekOf(nowMs) - Number(week) < weeksKept);
}

function weekOf(atMs: number): number {
  return Math.floor(atMs / weekMs);
}
