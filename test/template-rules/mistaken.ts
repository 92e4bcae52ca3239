import type { SamTemplate } from '../sam-template.ts';
import { isIndexed, type Mistake } from './rule.ts';

/** Makes one mistake in a template. */
export function mistaken(template: SamTemplate, { path, value, part }: Mistake): SamTemplate {
  const keys = path.split('/');
  const last = keys.pop() ?? '';
  const place = keys.reduce<unknown>((node, key) => (isIndexed(node) ? node[key] : undefined), template);
  if (!isIndexed(place) || (value === undefined && !Object.hasOwn(place, last))) {
    throw new Error(`The template has no ${path} any more: make the mistake somewhere else.`);
  }
  if (part !== undefined) place[last] = replaced(place[last], part, String(value));
  else if (value !== undefined) place[last] = value;
  else if (Array.isArray(place)) place.splice(Number(last), 1);
  else delete place[last];
  return template;
}

function replaced(text: unknown, part: string, by: string): string {
  if (typeof text === 'string' && text.includes(part)) return text.replaceAll(part, by);
  throw new Error(`${part} is no longer there: make the mistake somewhere else.`);
}
