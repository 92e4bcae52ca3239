import type { Stack } from './stack.ts';

/** What `npm start` says once everything answers: addresses, the first source's secret, and how to send an event. */
export function greeting({ apiUrl, showpad, sources, stateDirectory }: Stack): string {
  const [source, { secret }] = Object.entries(sources)[0] ?? ['demo', { secret: '' }];
  return `
Showpad connector is running. Ctrl-C stops it.

  events   ${apiUrl}/events/${source}
  jobs     ${apiUrl}/jobs
  Showpad  ${showpad.v4Url}
  secret   ${secret}   (source "${source}")
  state    ${stateDirectory ?? 'temporary; set STATE_DIR to keep it'}

Send an event from another terminal, in this folder:

  ${firstEvent(apiUrl, source, secret)}
`;
}

/** A command for any shell that sends a first event, and follows it until the file is usable. */
function firstEvent(apiUrl: string, source: string, secret: string): string {
  const url = 'https://www.w3.org/WAI/ER/tests/xhtml/testfiles/resources/pdf/dummy.pdf';
  return [
    `CONNECTOR_URL='${apiUrl}' CONNECTOR_SECRET='${secret}'`,
    `npm run send -- --source ${source} --subject readme --url '${url}' --name Dummy.pdf --wait`,
  ].join(' \\\n    ');
}
