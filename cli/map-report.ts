import type { Foresight } from '../local/foreseen-requests.ts';
import type { ForeseenRequest } from '../local/presented-request.ts';
import type { MappedEvent } from './mapped-payload.ts';

/** What a payload means, as text for a person. */
export function mapReport(
  events: readonly MappedEvent[],
  foresight: { readonly new: Foresight; readonly known: Foresight },
): string {
  return [
    ...events.flatMap((mapped, index) => describeEvent(mapped, index, events.length)),
    ...describeForesight('For an asset that is new', foresight.new),
    ...describeForesight('For an asset that is known, with another file and no metadata', foresight.known),
    'Ids that only Showpad knows stand in <…>. Tags that the Division has already are not made. Then the connector looks whether Showpad has processed the file, until it has.',
  ].join('\n');
}

function describeEvent({ event, origins, desired }: MappedEvent, index: number, count: number): string[] {
  const { id, subject, time, type } = event;
  const what = event.type === 'ignored' ? `${event.ignoredType} (ignored)` : type;
  const data = 'data' in event ? (event.data as unknown) : undefined;
  const values = flatten(data ?? {}).map(([field, value]) => {
    const origin = originOf(field, origins);
    return `    ${field} = ${JSON.stringify(value)}${origin === undefined ? '' : `    ← ${origin}`}`;
  });
  const answered = Object.entries(origins)
    .filter(([field]) => field.startsWith('details.'))
    .map(([field, origin]) => `    ${field.slice('details.'.length)}    ← ${origin}`);
  const unused = Object.entries(origins)
    .filter(([, origin]) => origin.startsWith('nothing at') || origin.startsWith('not in the table'))
    .map(([field, origin]) => `    ${field}: ${origin}`);
  const { content, lifecycle, fields, tagChanges } = desired;
  const wishes = [
    ...(content === undefined ? [] : ['content']),
    ...(lifecycle === undefined ? [] : [`lifecycle = ${lifecycle.value}`]),
    ...Object.keys(fields),
    ...Object.values(tagChanges).map(({ value }) => `${value.action} tag ${JSON.stringify(value.tag)}`),
  ];
  return [
    `Event ${index + 1} of ${count}: ${what}`,
    `  id ${id}, subject ${subject}, time ${time}`,
    ...(values.length > 0 ? ['  Values:', ...values] : []),
    ...asking(event),
    ...answered,
    ...(unused.length > 0 ? ['  Not found, so left alone:', ...unused] : []),
    `  Asks for: ${wishes.join(', ') || 'nothing'}`,
    '',
  ];
}

/** What the source's own API is asked before the file is fetched. */
function asking(event: MappedEvent['event']): string[] {
  const requested = event.type === 'asset.upsert' ? event.data.requested : undefined;
  if (requested === undefined) return [];
  const { request, link, notBefore, details } = requested;
  return [
    `  Asked of the source with its stored credential${notBefore === undefined ? '' : `, not before ${notBefore}`}:`,
    ...(details === undefined
      ? []
      : [`    GET ${details.request}    → more values, by the mapping (--answer FILE shows them)`]),
    `    GET ${request}    → ${link === undefined ? 'the file' : `the link at ${link}`}`,
  ];
}

function describeForesight(title: string, { jobs, requests }: Foresight): string[] {
  return [
    `${title}:`,
    ...(requests.length === 0 ? ['  no request to Showpad'] : requests.flatMap(describeRequest)),
    ...jobs.map(
      ({ type, subject, state, error }) =>
        `  → job ${type} of ${subject}: ${state}${error === null ? '' : `: ${error}`}`,
    ),
    '',
  ];
}

function describeRequest({ method, target, headers, body }: ForeseenRequest): string[] {
  return [
    `  ${method} ${target}`,
    ...Object.entries(headers).map(([name, value]) => `    ${name}: ${value}`),
    ...(body === undefined ? [] : [`    ${typeof body === 'string' ? body : JSON.stringify(body)}`]),
  ];
}

const asked = new Set(['request', 'link', 'notBefore', 'details']);

/** The leaves of a value with their paths; lists of simple values stay whole. */
function flatten(value: unknown, path = ''): [string, unknown][] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [[path, value]];
  return Object.entries(value)
    .filter(([, item]) => item !== undefined)
    .flatMap(([key, item]: [string, unknown]) =>
      asked.has(key) ? [] : flatten(item, path === '' ? key : `${path}.${key}`),
    );
}

function originOf(field: string, origins: Readonly<Record<string, string>>): string | undefined {
  const name = field.replace(/^requested\./, 'file.');
  const known = Object.keys(origins).find((one) => name === one || name.startsWith(`${one}.`));
  return known === undefined ? undefined : origins[known];
}
