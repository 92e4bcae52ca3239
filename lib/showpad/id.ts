import * as z from 'zod';

/**
 * The id of a Showpad resource: documented as 32 hex digits, but the published examples hold others, so any
 * text that can stand in a path is one.
 */
export const id = z.string().regex(/^(?!\.{1,2}$)[^\s/\\?#%\p{Cc}]{1,200}$/u, 'not an id');

export const reference = z.object({ id });
