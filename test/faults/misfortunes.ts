import { chance, choice } from './chance.ts';
import type { Fate, Moment, OutsideCall } from './invocation.ts';
import type { Decide } from './run.ts';

/** What is worst in a seed; everything else happens there too, but less often. */
const themes = ['everything', 'kills', 'messages', 'bursts', 'stalls', 'freezes', 'late effects'] as const;
type Theme = (typeof themes)[number];
/** Whoever is told to wait makes everybody wait who shares the organisation: only some seeds are told so. */
const limitedSeeds = 8;

/**
 * A message may be received ten times before it is a dead letter: a subject meets at most so many failures that
 * cost a receive. The others are bounded for the campaign's time.
 */
const most = { receives: 4, others: 7 } as const;
/** The share of calls that something happens to. Assets are seldom made, and it matters most what becomes of that. */
const shareOfCreates = 0.5;
const share = { aws: 0.06, showpad: 0.2, upload: 0.3, source: 0.25 } as const;

/** Shorter than anybody waits for an answer. */
const longestSlowMs = 12_000;
/** How long an effect may stay on its way after its connection broke. */
const longestLateMs = 20_000;
/** Until the queue shows the message again, and then some while that the next holder of the lease is at work. */
const longFreezeMs = 720_000;
const takeoverMs = 60_000;
const longestShortFreezeMs = 40_000;

const kill = (moment: Moment): Fate => ({ kind: 'kill', moment });
const snap = (moment: Moment): Fate => ({ kind: 'break', moment });
const stall = (moment: Moment): Fate => ({ kind: 'stall', moment });
const nothing: Fate = { kind: 'none' };
const expiredLink = '<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>';

/** The misfortunes of one subject of a seed: the same for the same calls, whatever order they come in. */
export function misfortunes(seed: number, subject: string): Decide {
  const met = { receives: 0, others: 0 };
  const theme = choice(themes, seed, 'theme');
  let burst: Fate[] = [];
  return (call, occurrence) => {
    const words = [seed, subject, call.label, occurrence];
    if (call.system === 'showpad' && burst.length > 0) return burst.shift() ?? nothing;
    if (chance('whether', ...words) >= shareOf(call, theme)) return nothing;
    const fates = fatesOf(call, theme, words);
    const [fate = nothing, ...others] = fates;
    const kind = costsReceive(call, fate) ? 'receives' : 'others';
    if (met[kind] >= most[kind]) return nothing;
    met[kind] += 1;
    burst = others;
    return fate;
  };
}

function costsReceive({ system }: OutsideCall, { kind }: Fate): boolean {
  return kind === 'kill' || kind === 'freeze' || (system === 'aws' && (kind === 'break' || kind === 'stall'));
}

function shareOf({ system, method, label }: OutsideCall, theme: Theme): number {
  if (label.endsWith('POST /v4/assets') || label.endsWith('/assets.json')) return shareOfCreates;
  if (theme === 'messages' && (method === 'SendMessageCommand' || (system === 'showpad' && method !== 'GET')))
    return 0.5;
  return share[system];
}

type Words = readonly (string | number)[];
/** A fate; several are those of as many calls to Showpad, one after the other. */
type Fates = readonly Fate[];

function fatesOf(call: OutsideCall, theme: Theme, words: Words): Fates {
  const common = commonFates(call, words);
  const special = specialFates(call, theme, words);
  const isSpecial = special.length > 0 && chance('special', ...words) < 0.6;
  const [first = [nothing], ...others] = isSpecial ? special : common;
  return choice([first, ...others], 'which', ...words);
}

function commonFates({ system, method }: OutsideCall, words: Words): readonly Fates[] {
  switch (system) {
    case 'aws': {
      const isMessage = method === 'SendMessageCommand';
      const stops = [kill('before'), kill('after'), snap('before'), snap('after')];
      return [...stops, { kind: 'repeat' } as const, { kind: 'repeat' } as const]
        .map((fate): Fates => [fate])
        .concat(isMessage ? messageFates(words) : []);
    }
    case 'upload':
      return [
        [kill('midway')],
        [kill('after')],
        [snap('before')],
        [snap('midway')],
        [snap('after')],
        [stall('midway')],
        [{ kind: 'late', delayMs: lateMs(words) }],
        [{ kind: 'answer', status: 403, headers: {}, body: expiredLink }],
        [{ kind: 'answer', status: 503, headers: {} }],
      ];
    case 'source':
      return [[kill('midway')], [snap('before')], [snap('midway')], [snap('after')], [stall('midway')]];
    case 'showpad':
      return [
        [kill('before')],
        [kill('after')],
        [snap('before')],
        [snap('after')],
        [snap('midway')],
        [slow(words)],
        [slow(words)],
        [{ kind: 'answer', status: 500, headers: {} }],
        [{ kind: 'answer', status: 401, headers: {} }],
        ...(method === 'GET' ? [] : [[{ kind: 'late', delayMs: lateMs(words) } as const]]),
        ...(isLimited(words) ? limits(words) : []),
      ];
  }
}

function specialFates({ system, method, label }: OutsideCall, theme: Theme, words: Words): readonly Fates[] {
  const isAsked = method === 'GET' || system === 'aws';
  switch (theme) {
    case 'kills':
      return [[kill('before')], [kill('after')]];
    case 'messages':
      if (system === 'showpad' && method !== 'GET') return [[slow(words)]];
      return method === 'SendMessageCommand' ? messageFates(words) : [];
    case 'bursts':
      return system === 'showpad' ? [burstOf(503, words), burstOf(500, words), burstOf(401, words)] : [];
    case 'stalls':
      return [[stall('before')], [stall('after')], ...(system === 'aws' ? [] : [[stall('midway')]])];
    case 'freezes': {
      // Nothing in the world stops a request that stands on the threshold when its process does.
      const moments: readonly ('before' | 'after')[] = isAsked ? ['before', 'after'] : ['after'];
      return label.startsWith('receive-event')
        ? []
        : moments.flatMap((moment) => [[freeze(moment, words, true)], [freeze(moment, words, false)]]);
    }
    case 'late effects':
      return system !== 'aws' && system !== 'source' && method !== 'GET'
        ? [[{ kind: 'late', delayMs: lateMs(words) }]]
        : [];
    case 'everything':
      return [];
  }
}

const lateMs = (words: Words): number => Math.round(chance('late', ...words) * longestLateMs);

function slow(words: Words): Fate {
  return { kind: 'slow', delayMs: Math.round(chance('slow', ...words) * longestSlowMs) };
}

function messageFates(words: Words): readonly Fates[] {
  const delaySeconds = Math.ceil(chance('message', ...words) * 900);
  return [
    [{ kind: 'repeat' }],
    [{ kind: 'repeat' }],
    [{ kind: 'echo', delaySeconds }],
    [{ kind: 'delay', delaySeconds: Math.ceil(delaySeconds / 20) }],
  ];
}

function burstOf(status: number, words: Words): Fates {
  const length = 3 + Math.floor(chance('burst', ...words) * 4);
  return Array.from({ length }, () => ({ kind: 'answer', status, headers: {} }));
}

function freeze(moment: 'before' | 'after', words: Words, isLong: boolean): Fate {
  const part = chance('freeze', ...words);
  const forMs = Math.round(isLong ? longFreezeMs + part * takeoverMs : part * longestShortFreezeMs);
  return { kind: 'freeze', moment, forMs, isCut: chance('cut', ...words) < 0.5 };
}

function isLimited([seed = 0]: Words): boolean {
  return Number(seed) % limitedSeeds === 0;
}

/** Every form that a Retry-After may have. */
function limits(words: Words): readonly Fates[] {
  const soon = new Date(Date.now() + 2_000 + Math.round(chance('soon', ...words) * 8_000));
  const forms: readonly Readonly<Record<string, string>>[] = [
    {},
    { 'retry-after': '1' },
    { 'retry-after': '7' },
    { 'retry-after': soon.toUTCString() },
    { 'retry-after': 'Wed, 01 Jan 2020 00:00:00 GMT' },
  ];
  return forms.map((headers): Fates => [{ kind: 'answer', status: 429, headers }]);
}
