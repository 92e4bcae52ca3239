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

Send an event from another terminal:

  node --input-type=module <<'END'
  import { Webhook } from 'standardwebhooks';
  const body = JSON.stringify({ specversion: '1.0', id: crypto.randomUUID(), source: '/shell', type: 'asset.upsert',
    subject: 'readme', time: new Date().toISOString(), datacontenttype: 'application/json',
    data: { file: { url: 'https://www.w3.org/WAI/ER/tests/xhtml/testfiles/resources/pdf/dummy.pdf', name: 'Dummy.pdf' } } });
  const id = crypto.randomUUID(), now = new Date();
  const response = await fetch('${apiUrl}/events/${source}', { method: 'POST', body, headers: {
    'content-type': 'application/cloudevents+json', 'webhook-id': id,
    'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
    'webhook-signature': new Webhook('${secret}').sign(id, now, body) } });
  console.log(response.status, await response.text());
  END
`;
}
