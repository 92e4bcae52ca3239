import { describe, expect, test } from 'vitest';
import { permissionsOf } from '../permissions/iam-permissions.ts';
import { privilegeFaults } from '../permissions/least-privilege.ts';
import type { CloudFormationTemplate } from '../sam-template.ts';

const names: Readonly<Record<string, string>> = { jobs: 'Table', files: 'Bucket', 'http://q': 'WorkQueue' };
const logicalId = (name: string) => names[name] ?? `no ${name}`;
const needs = (command: string, input: object, error?: string) =>
  permissionsOf({ functionName: 'work', command, input, error }, logicalId);

describe('a call to AWS needs', () => {
  test.each<[string, object, string[]]>([
    ['GetCommand', { TableName: 'jobs' }, ['dynamodb:GetItem on Table']],
    ['QueryCommand', { TableName: 'jobs', IndexName: 'by-day' }, ['dynamodb:Query on Table/index/by-day']],
    ['BatchGetCommand', { RequestItems: { jobs: {} } }, ['dynamodb:BatchGetItem on Table']],
    ['UploadPartCommand', { Bucket: 'files', Key: 'staged/a/b' }, ['s3:PutObject on Bucket/staged/*']],
    ['ListObjectsV2Command', { Bucket: 'files' }, ['s3:ListBucket on Bucket']],
    ['SendMessageCommand', { QueueUrl: 'http://q' }, ['sqs:SendMessage on WorkQueue']],
    ['PublishCommand', { TopicArn: 'arn' }, ['sns:Publish on no arn']],
  ])('%s: its action on the resource of the template', (command, input, expected) => {
    expect(needs(command, input)).toEqual(expected);
  });

  test('the right to list the bucket too, when it has to be told that an object is not there', () => {
    const object = { Bucket: 'files', Key: 'staged/a' };
    expect(needs('GetObjectCommand', object)).toEqual(['s3:GetObject on Bucket/staged/*']);
    expect(needs('GetObjectCommand', object, 'NoSuchKey')).toContain('s3:ListBucket on Bucket');
  });

  test('somebody who says what it needs, when it is a new one', () => {
    expect(() => needs('CreateTableCommand', {})).toThrow(/which IAM actions CreateTableCommand needs/);
  });
});

describe('a role', () => {
  const statements = {
    logs: {
      Effect: 'Allow',
      Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
      Resource: { 'Fn::GetAtt': 'WorkLogGroup.Arn' },
    },
    queue: {
      Sid: 'Messages',
      Effect: 'Allow',
      Action: ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'],
      Resource: { 'Fn::GetAtt': 'WorkQueue.Arn' },
    },
    state: { Effect: 'Allow', Action: 'dynamodb:GetItem', Resource: { 'Fn::GetAtt': 'Table.Arn' } },
  };
  const recording = new Map([['work', new Set(['dynamodb:GetItem on Table'])]]);
  const templateWith = (Statement: readonly object[]): CloudFormationTemplate => ({
    Parameters: {},
    Resources: {
      WorkQueue: { Type: 'AWS::SQS::Queue', Properties: {} },
      Work: {
        Type: 'AWS::Lambda::Function',
        Properties: {
          Handler: 'work.handler',
          Role: { 'Fn::GetAtt': 'WorkRole.Arn' },
          LoggingConfig: { LogGroup: { Ref: 'WorkLogGroup' } },
        },
      },
      WorkMessages: {
        Type: 'AWS::Lambda::EventSourceMapping',
        Properties: { EventSourceArn: { 'Fn::GetAtt': 'WorkQueue.Arn' }, FunctionName: { Ref: 'Work' } },
      },
      WorkRole: { Type: 'AWS::IAM::Role', Properties: { Policies: [{ PolicyDocument: { Statement } }] } },
    },
  });
  const { logs, queue, state } = statements;

  test('that allows what is done and what Lambda does itself is right', () => {
    expect(privilegeFaults(templateWith([logs, queue, state]), recording)).toEqual([]);
  });

  test.each<[string, object[], string]>([
    [
      'too little for its code',
      [logs, queue],
      'WorkRole does not allow dynamodb:GetItem on Table, and work does it.',
    ],
    [
      'too little for Lambda',
      [logs, { ...queue, Action: queue.Action.slice(1) }, state],
      'WorkRole does not allow sqs:ReceiveMessage on WorkQueue, and Lambda reads the queue of work with it.',
    ],
    [
      'too much',
      [logs, queue, { ...state, Action: ['dynamodb:GetItem', 'dynamodb:PutItem'] }],
      'WorkRole may dynamodb:PutItem on Table, but work never does.',
    ],
    [
      'tracing that nobody asked for',
      [logs, queue, state, { Effect: 'Allow', Action: 'xray:PutTraceSegments', Resource: '*' }],
      'WorkRole may xray:PutTraceSegments on *, but work never does.',
    ],
  ])('that allows %s is told of in a sentence', (_what, Statement, sentence) => {
    expect(privilegeFaults(templateWith(Statement), recording)).toEqual([sentence]);
  });

  test.each<[string, object]>([
    ['a condition', { ...state, Condition: { Bool: {} } }],
    ['a denial', { ...state, Effect: 'Deny' }],
    ['a URL for a resource', { ...state, Resource: { Ref: 'WorkQueue' } }],
    ['everything but an action', { Effect: 'Allow', NotAction: 'dynamodb:PutItem', Resource: '*' }],
  ])('that says %s cannot be judged, and is no good', (_what, statement) => {
    const [fault] = privilegeFaults(templateWith([logs, queue, state, statement]), recording);
    expect(fault).toMatch(
      /^WorkRole, statement 3 (?:is written in a way that cannot be judged|names .* no ARN)/,
    );
  });

  test('of a function that no story invokes is no good, nor is a function that is not deployed', () => {
    const faults = privilegeFaults(
      templateWith([logs, queue, state]),
      new Map([['other', new Set<string>()]]),
    );
    expect(faults.join(' ')).toMatch(/other was recorded, but .*No story invokes work/);
  });
});
