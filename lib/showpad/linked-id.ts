import * as z from 'zod';
import { id } from './id.ts';

const object = z.object({ id }).transform((resource) => resource.id);
const link = z
  .string()
  .transform((text) => {
    const [address = ''] = text.split(/[?#]/, 1);
    return address
      .replace(/\/+$/, '')
      .split('/')
      .at(-1)
      ?.replace(/\.json$/, '');
  })
  .pipe(id);

/**
 * The id of a resource that another one of API v3 points to. Documented as a link, seen as an object with an id,
 * and null, absent or empty while there is none: then it is null.
 */
export const linkedId = z.union([object, link]).nullable().catch(null);
