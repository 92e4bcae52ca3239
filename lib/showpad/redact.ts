import { withoutSecrets } from '../without-secrets.ts';

const maximumCharacters = 500;

/**
 * Text of others made fit for an error message or a log: without e-mail addresses, the query strings of URLs,
 * bearer tokens and control characters, and not longer than 500 characters.
 */
export function redact(text: string): string {
  return withoutSecrets(text.slice(0, 4 * maximumCharacters).replaceAll(/\p{Cc}+/gu, ' '))
    .replaceAll(/[^\s@<>"'(),;:]{1,64}@[^\s@<>"'(),;:]{1,255}/g, '…@…')
    .slice(0, maximumCharacters);
}
