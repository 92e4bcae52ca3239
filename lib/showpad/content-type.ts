import * as z from 'zod';

/** Type and subtype are tokens (RFC 9110), parameters printable ASCII: it becomes a header as it is. */
export const contentType = z
  .string()
  .regex(
    /^[\w!#$%&'*+.^`|~-]+\/[\w!#$%&'*+.^`|~-]+[ \t]*(?:;[ -~\t]*)?$/,
    'not a content type that can be a header',
  );
