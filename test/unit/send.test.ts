import { createServer } from 'node:http';
import { describe, expect, it } from 'vitest';
import { readEvent } from '../../cli/cloud-event.ts';
import { describeRefusal, describeSilence } from '../../cli/delivery-failure.ts';
import { deliverEvent } from '../../cli/deliver-event.ts';
import { describeEnd, followJob } from '../../cli/followed-job.ts';
import { parseSendOptions } from '../../cli/send-command-line.ts';
import { findSigningSecret } from '../../cli/signing-secret.ts';
import { cloudEventsAdapter } from '../../lib/sources/cloudevents.ts';
import { parseSources } from '../../lib/sources/source-list.ts';
import { listen } from '../../local/listen.ts';
import { cloudEvent, signed } from '../connector.ts';

const secret = 'whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=';
const optionsOf = (...arguments_: string[]) => {
  const options = parseSendOptions(arguments_);
  if (options === null) throw new Error('Help was asked for.');
  return options;
};
const url = 'https://dam.example/a/Summer%20brochure.pdf?v=2';

describe('the command line', () => {
  it('says a whole upsert', async () => {
    const words = ['--source', 'dam', '--subject', 'b-1', '--url', url, '--division', 'Marketing'];
    const { source, isWaiting, isJson, ...rest } = optionsOf(...words, '--tag', 'a', '--tag', 'b', '--wait');
    expect({ source, isWaiting, isJson }).toEqual({ source: 'dam', isWaiting: true, isJson: false });
    expect(await readEvent(rest, {})).toEqual({
      specversion: '1.0',
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      source: '/shell',
      time: expect.stringMatching(/Z$/),
      datacontenttype: 'application/json',
      type: 'asset.upsert',
      subject: 'b-1',
      data: {
        file: { url, name: 'Summer brochure.pdf' },
        metadata: { division: { name: 'Marketing' }, tags: ['a', 'b'] },
      },
    });
  });

  it('takes an id of 32 digits for the id of a Division, a name before that in the link, and an id of the event', async () => {
    const division = '0'.repeat(31).concat('f');
    const options = optionsOf('--subject', 'b', '--url', url, '--name', 'B.pdf', '--division', division);
    expect(options.origin).toMatchObject({ data: { file: { name: 'B.pdf' }, metadata: { division } } });
    expect(options.source).toBe('demo');
    expect(await readEvent({ ...options, eventId: 'mine' }, {})).toMatchObject({ id: 'mine' });
  });

  it('says the other types with no more than they take', () => {
    expect(optionsOf('--type', 'asset.archive', '--subject', 'b').origin).toMatchObject({ data: {} });
    expect(
      optionsOf('--type', 'asset.metadata', '--subject', 'b', '--description', 'New').origin,
    ).toMatchObject({ data: { metadata: { description: 'New' } } });
    expect(optionsOf('--event', '-').origin).toEqual({ kind: 'file', file: '-' });
    expect(parseSendOptions(['--help'])).toBeNull();
  });

  it.each([
    [[], '--subject is missing'],
    [['--subject', 'b'], '--url must be an http or https URL'],
    [['--subject', 'b', '--url', 'brochure.pdf'], '--url must be an http or https URL'],
    [['--subject', 'b', '--url', 'https://dam.example/files/7'], '--name must be the name of the file'],
    [['--subject', '', '--url', url], '--subject is empty'],
    [['--subject', 'b', '--url', url, '--tag', ''], '--tag is empty'],
    [['--subject', 'b', '--type', 'asset.archive', '--url', url], 'asset.archive has no --url'],
    [['--subject', 'b', '--type', 'asset.metadata'], 'asset.metadata needs something to say'],
    [['--subject', 'b', '--type', 'myfiles.upload'], 'is sent with --event FILE'],
    [['--event', 'e.json', '--subject', 'b'], '--event brings the whole event: leave out --subject'],
    [['--source', 'DAM', '--subject', 'b', '--url', url], '--source must be the name of a source'],
    [['--colour'], "Unknown option '--colour'"],
  ])('%j is refused with the reason', (arguments_, message) => {
    expect(() => parseSendOptions(arguments_)).toThrow(message);
  });
});

describe('the signing secret', () => {
  it('is that of the environment, and is checked before anything is sent', async () => {
    expect(await findSigningSecret('dam', { CONNECTOR_SECRET: secret })).toBe(secret);
    const given = (text: string) => findSigningSecret('dam', { CONNECTOR_SECRET: text, CONNECTOR_URL: 'x' });
    await expect(given('{"dam":{"secrets":["hunter2"]}}')).rejects.toThrow('one of its secrets is wanted');
    await expect(given(`"${secret}"`)).rejects.toThrow('without quotes or spaces');
    await expect(given('whsec_c2hvcnQ=')).rejects.toThrow('at least 16 bytes');
    await expect(given('{"dam":{"secrets":["hunter2"]}}')).rejects.not.toThrow('hunter2');
    await expect(findSigningSecret('dam', { CONNECTOR_URL: 'x', CONNECTOR_READY_FILE: 'y' })).rejects.toThrow(
      'Set CONNECTOR_SECRET to one of the secrets of the source dam',
    );
  });
});

describe('what went wrong is said with what to do', () => {
  const delivery = { base: 'https://c.example', source: 'dam', eventId: 'e-1' };
  const refusal = (status: number, detail?: string, retryAfter?: string) =>
    describeRefusal(
      { status, body: detail === undefined ? { message: '' } : { detail }, retryAfter },
      delivery,
    );

  it.each([
    [413, 'The body has 300000 bytes.', 'The connector refused the event. The body has 300000 bytes.'],
    [429, 'Too much.', 'Too much. Wait 12 s, then send it again with --id e-1.'],
    [
      503,
      'Not stored.',
      "Not stored. The fault is the connector's, not the event's: send it again with --id e-1.",
    ],
    [404, 'No such source.', 'The connector has no source dam.'],
    [404, undefined, 'There is no connector at https://c.example. CONNECTOR_URL must be the ApiUrl'],
    [403, undefined, 'Is CONNECTOR_URL the ApiUrl of the stack?'],
  ])('%i, %s', (status, detail, sentence) => {
    expect(refusal(status, detail, '12')).toContain(sentence);
  });

  it('a clock that is wrong, in the words of the connector', () => {
    const [source] = parseSources(JSON.stringify({ dam: { secrets: [secret] } })).values();
    if (source === undefined) throw new Error('There is no source.');
    const body = JSON.stringify(cloudEvent({ type: 'asset.archive', subject: 'b' }));
    const at = new Date('2026-01-01T00:00:00Z');
    const verify = (receivedAt: Date, key = secret) =>
      cloudEventsAdapter.verify(source, {
        method: 'POST',
        path: '/events/dam',
        headers: signed(key, body, { at }),
        body: Buffer.from(body),
        receivedAt,
      });
    const skewed = refusal(401, verify(new Date('2026-01-01T00:10:00Z')) ?? '');
    expect(skewed).toContain('600 seconds behind our clock');
    expect(skewed).toContain('Set the clock of this machine');
    const wrong = refusal(401, verify(at, 'whsec_d3JvbmcgYnV0IGxvbmcgZW5vdWdo') ?? '');
    expect(wrong).toContain('The secret must be one of those that the source dam has now');
  });

  it('a connector that nobody reaches, or that breaks off', async () => {
    const event = { id: 'e-1', type: 'asset.archive', subject: 'b' };
    const server = await listen(createServer((request) => request.socket.destroy()));
    const send = () => deliverEvent(server.url, { source: 'dam', secret, event });
    await expect(send()).rejects.toThrow('did not answer. Send the event again with --id e-1');
    await server.close();
    await expect(send()).rejects.toThrow('Nobody listens at 127.0.0.1');
    const unknown = Object.assign(new Error('x'), { code: 'ENOTFOUND' });
    expect(describeSilence(unknown, 'https://c.example', 'e-1')).toContain('There is no host c.example');
  });
});

describe('a job that is followed', () => {
  const job = (state: string) => ({ id: 'j', state, showpad: { assetId: 'a-1' }, error: null });
  const follow = async (answers: readonly { status: number; body?: unknown }[]) => {
    const states: string[] = [];
    let asked = 0;
    const ask = () => {
      const { status, body } = answers[Math.min(asked, answers.length - 1)] ?? { status: 500 };
      asked += 1;
      return Promise.resolve({ status, body, detail: `it said ${status}` });
    };
    const onState = (state: string) => Promise.resolve(void states.push(state));
    const ended = await followJob({ ask }, 'j', onState, () => Promise.resolve(true));
    return { ended, states, asked };
  };

  it('is looked at until its end, over a connector that is busy', async () => {
    const found = await follow([
      { status: 200, body: job('staging') },
      { status: 503 },
      { status: 429 },
      { status: 200, body: job('staging') },
      { status: 200, body: job('done') },
    ]);
    expect(found).toMatchObject({ states: ['staging', 'done'], asked: 5 });
    expect(found.ended === null ? '' : describeEnd(found.ended)).toBe('It is done: asset a-1 in Showpad.');
  });

  it('is given up when it cannot be read, with the reason', async () => {
    await expect(follow([{ status: 403 }])).rejects.toThrow('they need execute-api:Invoke');
    await expect(follow([{ status: 404 }])).rejects.toThrow('the job j cannot be read: it said 404');
    await expect(follow([{ status: 500 }])).rejects.toThrow('cannot be read: it said 500');
  });

  it('says why it failed, and which recipients did', () => {
    const error = { code: 'RECIPIENTS_FAILED', message: '1 of 2 failed.' };
    const inactive = { code: 'RECIPIENT_INACTIVE', message: 'Not active.' };
    const recipients = [
      { state: 'done', error: null },
      { state: 'failed', error: inactive },
    ];
    expect(describeEnd({ ...job('failed'), error, recipients })).toBe(
      'It has failed. RECIPIENTS_FAILED: 1 of 2 failed.\n  recipient 2: RECIPIENT_INACTIVE: Not active.',
    );
  });
});
