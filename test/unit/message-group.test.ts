import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { mockClient } from 'aws-sdk-client-mock';
import { assert, property, string } from 'fast-check';
import { expect, it } from 'vitest';
import { messageGroup } from '../../lib/message-group.ts';
import { Queues } from '../../lib/queues.ts';

it('a source that SQS takes as a group is its own group', () => {
  for (const source of ['demo', 'a'.repeat(128), 'Big!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~9']) {
    expect(messageGroup(source)).toBe(source);
  }
});

it('any other source has a readable group that SQS takes, always the same', () => {
  expect(messageGroup('Ärzte und mehr')).toMatch(/^_rzte_und_mehr~[0-9a-f]{32}$/);
  expect(messageGroup('Ärzte und mehr')).toBe(messageGroup('Ärzte und mehr'));
  expect(messageGroup('a'.repeat(129))).toHaveLength(128);
});

it('different sources have different groups, all of which SQS takes', () => {
  const name = string({ unit: 'binary-ascii', maxLength: 150 });
  assert(
    property(name, name, (one, other) => {
      expect(messageGroup(one)).toMatch(/^[!-~]{1,128}$/);
      expect(messageGroup(one) === messageGroup(other)).toBe(one === other);
    }),
  );
});

it('a message carries its job, and the group of the job’s source', async () => {
  const sqs = mockClient(SQSClient);
  sqs.on(SendMessageCommand).resolves({});
  const urls = {
    stage: 'stage',
    upload: 'upload',
    metadata: 'metadata',
    poll: 'poll',
    personalUpload: 'personal',
    manifest: 'manifest',
    inbox: 'inbox',
    outcome: 'outcome',
    events: 'events',
  };
  const queues = new Queues(new SQSClient({ region: 'eu-west-1' }), urls);
  await queues.send('personalUpload', { id: 'job_1', source: 'demo' }, { attempt: 2, push: 3 }, 1.2);
  expect(sqs.commandCalls(SendMessageCommand)[0]?.args[0].input).toEqual({
    QueueUrl: 'personal',
    MessageBody: '{"jobId":"job_1","attempt":2,"push":3}',
    MessageGroupId: 'demo',
    DelaySeconds: 2,
  });
  // What an import brings does not stand before what its source sends meanwhile.
  await queues.send('stage', { id: 'job_2', source: 'demo', import: { id: 'imp_1' } }, { attempt: 0 });
  expect(sqs.commandCalls(SendMessageCommand)[1]?.args[0].input.MessageGroupId).toBe('import:demo');
  sqs.restore();
});
