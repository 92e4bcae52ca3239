import { chance, choice } from './chance.ts';
import type { Fate, OutsideCall } from './invocation.ts';
import type { Decide } from './run.ts';

/**
 * Every message may be received five times before it is a dead letter: a subject meets at most so many kills and
 * failures of AWS. Failures of Showpad and of sources cost no receive; they are bounded for the campaign's time.
 */
const most = { aws: 4, other: 6 } as const;
/** The share of calls that something happens to. Assets are seldom made, and it matters most what becomes of that. */
const shareOfCreates = 0.5;
const share = { aws: 0.06, showpad: 0.2, upload: 0.25, source: 0.25 } as const;
/** Shorter than the settle window, less the index lag of the campaign. */
const longestLateMs = 1_500;

const kill = (moment: 'before' | 'midway' | 'after'): Fate => ({ kind: 'kill', moment });
const snap = (moment: 'before' | 'midway' | 'after'): Fate => ({ kind: 'break', moment });
const answer = (status: number, headers: Record<string, string> = {}): Fate => ({
  kind: 'answer',
  status,
  headers,
});
const nothing: Fate = { kind: 'none' };

/** The misfortunes of one subject of a seed: the same for the same calls, whatever order they come in. */
export function misfortunes(seed: number, subject: string): Decide {
  const met = { aws: 0, other: 0 };
  return (call, occurrence) => {
    const words = [seed, subject, call.label, occurrence];
    if (chance('whether', ...words) >= shareOf(call)) return nothing;
    const fate = misfortune(call, words);
    const kind = fate.kind === 'kill' || (call.system === 'aws' && fate.kind === 'break') ? 'aws' : 'other';
    if (met[kind] >= most[kind]) return nothing;
    met[kind] += 1;
    return fate;
  };
}

function shareOf({ system, label }: OutsideCall): number {
  return label.endsWith('POST /v4/assets') ? shareOfCreates : share[system];
}

function misfortune({ system, method }: OutsideCall, words: readonly (string | number)[]): Fate {
  switch (system) {
    case 'aws':
      return choice(
        [
          kill('before'),
          kill('after'),
          snap('before'),
          snap('after'),
          { kind: 'repeat' },
          { kind: 'repeat' },
        ],
        'aws',
        ...words,
      );
    case 'upload':
    case 'source':
      return choice(
        [kill('midway'), kill('after'), snap('before'), snap('midway'), snap('after')],
        'transfer',
        ...words,
      );
    case 'showpad': {
      const late: Fate = { kind: 'late', delayMs: Math.round(chance('delay', ...words) * longestLateMs) };
      return choice(
        [
          kill('before'),
          kill('after'),
          snap('before'),
          snap('after'),
          snap('midway'),
          answer(500),
          answer(503),
          answer(503, { 'retry-after': '1' }),
          answer(429),
          answer(429, { 'retry-after': '1' }),
          answer(429, { 'retry-after': new Date(Date.now() + 1_500).toUTCString() }),
          answer(429, { 'retry-after': 'Wed, 01 Jan 2020 00:00:00 GMT' }),
          answer(401),
          ...(method === 'GET' ? [] : [late, late, late]),
        ],
        'showpad',
        ...words,
      );
    }
  }
}
