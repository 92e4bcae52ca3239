import { describe, expect, it } from 'vitest';
import { sourceOfMessage, UnattributedMessage } from '../../lib/sources/message-source.ts';
import { SourceRegistry } from '../../lib/sources/source-registry.ts';
import type { Claim } from '../../lib/sources/event-message.ts';

const arn = (name: string) => `arn:aws:sns:eu-west-1:123456789012:${name}`;
const secrets = ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'];
const sources = {
  dam: { secrets, knownAs: ['com.acme.dam', '/dam'], topicArn: arn('dam') },
  pim: { secrets, knownAs: ['com.acme.pim', 'shared'], topicArn: arn('both') },
  cms: { secrets, knownAs: ['dam-of-old', 'shared'], topicArn: arn('both') },
  web: { secrets, doors: ['https'], knownAs: ['com.acme.web'], topicArn: arn('web') },
};
const find = async (claim: Claim, json: () => object = () => sources) =>
  (await sourceOfMessage(claim, new SourceRegistry(() => Promise.resolve(JSON.stringify(json()))))).name;

describe('a message is of the source', () => {
  it.each<[string, Claim, string]>([
    ['that was named with it, whatever else it says', { given: 'pim', names: ['com.acme.dam'] }, 'pim'],
    ['that is called as its events say', { names: ['dam'] }, 'dam'],
    ['that is known as its events say', { names: ['com.acme.pim'] }, 'pim'],
    [
      'of which all its events say the same by several names',
      { names: ['dam', '/dam', 'com.acme.dam'] },
      'dam',
    ],
    ['of which its events give the name as a path', { names: ['/cms'] }, 'cms'],
    ['whose topic it came by', { topicArn: arn('dam') }, 'dam'],
    ['that was named, of those with its topic', { given: 'cms', topicArn: arn('both') }, 'cms'],
  ])('%s', async (_what, claim, name) => {
    expect(await find(claim)).toBe(name);
  });

  it('that was set up a moment ago', async () => {
    let known: object = {};
    const registry = new SourceRegistry(({ fresh }) =>
      Promise.resolve(JSON.stringify(fresh ? sources : known)),
    );
    expect((await sourceOfMessage({ names: ['/dam'] }, registry)).name).toBe('dam');
    known = { ...sources, web: { secrets } };
    const again = new SourceRegistry(({ fresh }) => Promise.resolve(JSON.stringify(fresh ? known : sources)));
    expect((await sourceOfMessage({ given: 'web' }, again)).name).toBe('web');
  });
});

describe('where one source alone takes messages from the queue', () => {
  const few = () => ({ dam: sources.dam, web: sources.web });

  it.each<[string, Claim]>([
    ['that says nothing', {}],
    ['whose events say something else', { names: ['/tests', 'https://acme.example/dam'] }],
  ])('a message %s is of that source', async (_what, claim) => {
    expect(await find(claim, few)).toBe('dam');
  });

  it('a message of one that was set up a moment ago is its own', async () => {
    let json: object = few();
    const late = new SourceRegistry(({ fresh }) => Promise.resolve(JSON.stringify(fresh ? json : few())));
    // It looks, before the source is there.
    expect((await sourceOfMessage({ names: ['pim'] }, late)).name).toBe('dam');
    json = sources;
    expect((await sourceOfMessage({ names: ['pim'] }, late)).name).toBe('pim');
  });

  it.each<[string, Claim]>([
    ['was named for another', { given: 'pim' }],
    ['came by the topic of another', { topicArn: arn('both') }],
    ['is of one that takes none', { names: ['com.acme.web'] }],
  ])('a message that %s is not', async (_what, claim) => {
    await expect(find(claim, few)).rejects.toBeInstanceOf(UnattributedMessage);
  });
});

describe('a message is nobody’s', () => {
  it.each<[string, Claim, RegExp]>([
    ['when it says nothing', {}, /^The message does not say whose it is\. .*attribute "source"/],
    [
      'when its name is not known',
      { given: 'com.acme.dam' },
      /^There is no source of the name “com\.acme\.dam”\. Set it up, then redrive/,
    ],
    [
      'when its source is not known',
      { names: ['dmz'] },
      /^There is no source called, or known as, “dmz”\. .*"knownAs"/,
    ],
    ['when one of its events is not known', { names: ['dam', 'dmz'] }, /“dmz”/],
    [
      'when its topic is not known',
      { topicArn: arn('none') },
      /^There is no source with the "topicArn" “arn:.*:none”/,
    ],
    [
      'when its topic is that of several',
      { topicArn: arn('both') },
      /^There are several sources .*attribute "source"/,
    ],
    [
      'when several are known by its name',
      { names: ['shared'] },
      /^There are several sources called, or known as, “shared”/,
    ],
    [
      'when its events are of several',
      { names: ['dam', 'com.acme.pim'] },
      /from several sources \(“dam”, “com\.acme\.pim”\)/,
    ],
    [
      'when its source takes none',
      { names: ['com.acme.web'] },
      /takes nothing from the queue\. Add "queue" to its "doors"/,
    ],
    ['when it was named and takes none', { given: 'web' }, /^The source of the name “web” takes nothing/],
    ['when it came by the topic of another', { given: 'dam', topicArn: arn('both') }, /another "topicArn"/],
    ['when its name is a part of an object', { given: 'constructor' }, /no source of the name “constructor”/],
  ])('%s', async (_what, claim, message) => {
    const failure = find(claim);
    await expect(failure).rejects.toThrow(message);
    await expect(failure).rejects.toBeInstanceOf(UnattributedMessage);
  });

  it('and no more is told than what it said, and that without secrets', async () => {
    const told = await find({ names: [`mailto:jo@example.com?token=hunter2${'x'.repeat(500)}`] }).catch(
      String,
    );
    expect(told).toContain('mailto:…@…');
    expect(told).not.toMatch(/hunter2|jo@|com\.acme|x{300}/);
  });

  it('while the sources cannot be read, which is another failure', async () => {
    const registry = new SourceRegistry(() => Promise.reject(new Error('Down.')));
    await expect(sourceOfMessage({ names: ['dam'] }, registry)).rejects.toThrow('Down.');
  });
});
