import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { describeFunctions, sharedEnvironment } from '../../local/functions.ts';
import { readTemplate } from '../../local/template.ts';
import type { PhysicalNames, Template } from '../../local/template.ts';

const directory = mkdtempSync(join(tmpdir(), 'template-'));
afterAll(() => rmSync(directory, { recursive: true }));

const fixture = fileURLToPath(new URL('../fixtures/local/template.yaml', import.meta.url));
const project = fileURLToPath(new URL('../../template.yaml', import.meta.url));
const secretArn = 'arn:aws:secretsmanager:eu-west-1:000000000000:secret:showpad-AbCdEf';
const parameters = {
  ShowpadV4Url: 'http://127.0.0.1:1/v4',
  ShowpadV3Url: 'http://127.0.0.1:1/api/v3',
  ShowpadSecretArn: secretArn,
  SourcesSecretArn: secretArn,
  AllowPrivateSources: 'true',
};
const names: PhysicalNames = {
  reference: (logicalId) => `ref:${logicalId}`,
  attribute: (logicalId, attribute) => `${attribute}:${logicalId}`,
};
const fromText = (text: string): Template => {
  const file = join(directory, 'template.yaml');
  writeFileSync(file, text);
  return readTemplate(file, {}, 'eu-west-1');
};
const describeText = (resources: string) => fromText(`Resources:\n${resources}`).describe(names);

const functionWith = (value: string) =>
  `{ Type: AWS::Serverless::Function, Properties: { CodeUri: dist/f/, Handler: f.handler, Environment: { Variables: { A: ${value} } } } }`;
const queuesWithin = (seconds: string): string[] =>
  readTemplate(fixture, { ...parameters, Seconds: seconds }, 'eu-west-1').logicalIds('AWS::SQS::Queue');

describe('a template', () => {
  it('is resolved to the queues with their real timing and redrive', () => {
    const { queues } = readTemplate(fixture, parameters, 'eu-west-1').describe(names);
    expect(queues).toEqual([
      {
        logicalId: 'WorkQueue',
        properties: {
          VisibilityTimeout: 60,
          DelaySeconds: 0,
          MessageRetentionPeriod: 345_600,
          MaximumMessageSize: 1_048_576,
          ReceiveMessageWaitTimeSeconds: 20,
          RedrivePolicy: { deadLetterTargetArn: 'Arn:WorkDeadLetterQueue', maxReceiveCount: 2 },
        },
      },
      {
        logicalId: 'WorkDeadLetterQueue',
        properties: {
          VisibilityTimeout: 30,
          DelaySeconds: 0,
          MessageRetentionPeriod: 1_209_600,
          MaximumMessageSize: 1_048_576,
          ReceiveMessageWaitTimeSeconds: 0,
        },
      },
    ]);
  });

  it('merges the globals into every function and resolves its environment', () => {
    const { functions } = readTemplate(fixture, parameters, 'eu-west-1').describe(names);
    expect(functions.map(({ logicalId, properties }) => [logicalId, properties.Timeout])).toEqual([
      ['Answer', 2],
      ['Work', 10],
    ]);
    expect(functions[1]?.properties.Environment.Variables).toEqual({
      TABLE_NAME: 'ref:Table',
      BUCKET: 'ref:UploadBucket',
      WORK_QUEUE_URL: 'ref:WorkQueue',
      SECONDS_TO_WAIT: '30',
      GREETING: 'hello from eu-west-1, table ref:Table',
      SHOWPAD_SECRET_ARN: secretArn,
      ONLY_WORK: 'yes',
    });
  });

  it('has a conditional resource only when its condition holds', () => {
    expect(queuesWithin('30')).not.toContain('PatientQueue');
    expect(queuesWithin('31')).toContain('PatientQueue');
  });

  it('names every parameter that is missing, unknown or refused at once, without its value', () => {
    const bad = {
      ShowpadV4Url: 'x',
      ShowpadSecretArn: 'geheim',
      AllowPrivateSources: 'maybe',
      Seconds: '0',
      Typo: '1',
    };
    const read = () => readTemplate(fixture, bad, 'eu-west-1');
    expect(read).toThrow(/Typo is not a parameter/);
    expect(read).toThrow(/ShowpadV3Url has no value/);
    expect(read).toThrow(/ShowpadSecretArn must match/);
    expect(read).toThrow(/AllowPrivateSources must be one of true, false/);
    expect(read).toThrow(/Seconds must be at least 1/);
    expect(read).not.toThrow(/geheim/);
  });

  it.each([
    ['a resource type', '  Thing: { Type: AWS::Kinesis::Stream }', /Thing is a AWS::Kinesis::Stream/],
    [
      'a property that matters',
      '  Q: { Type: AWS::SQS::Queue, Properties: { FifoQueue: true } }',
      /Q is not .*FifoQueue/s,
    ],
    [
      'an intrinsic function',
      "  Q: { Type: AWS::SQS::Queue, Properties: { DelaySeconds: { 'Fn::Base64': x } } }",
      /uses Fn::Base64/,
    ],
    [
      'a batch that needs a window',
      '  F: { Type: AWS::Serverless::Function, Properties: { CodeUri: dist/f/, Handler: f.handler, Events: { M: { Type: SQS, Properties: { Queue: q, BatchSize: 11 } } } } }',
      /BatchSize over 10/,
    ],
    [
      'an event source',
      '  F: { Type: AWS::Serverless::Function, Properties: { CodeUri: dist/f/, Handler: f.handler, Events: { M: { Type: Kinesis } } } }',
      /F is not/,
    ],
  ])(
    'is refused with a clear text when it has %s that the local stack does not know',
    (_what, resources, text) => {
      expect(() => describeText(resources)).toThrow(text);
    },
  );

  it('is refused when it refers to something that does not exist', () => {
    const template = fromText(
      'Resources:\n  Q: { Type: AWS::SQS::Queue, Properties: { DelaySeconds: !Ref Nothing } }',
    );
    const nothing: PhysicalNames = { reference: () => undefined, attribute: () => undefined };
    expect(() => template.describe(nothing)).toThrow('The template refers to Nothing');
  });

  it('resolves the other intrinsic functions as CloudFormation does', () => {
    const { functions } = fromText(`
Conditions: { Yes: !Equals [1, '1'], No: !Not [!Condition Yes], Both: !And [!Condition Yes, !Condition No], One: !Or [!Condition Yes, !Condition No] }
Resources:
  F:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: dist/f/
      Handler: f.handler
      Environment:
        Variables:
          JOINED: !Join ['-', [a, !Ref Q]]
          SELECTED: !Select [1, !Split [',', 'a,b,c']]
          IF_BOTH: !If [Both, wrong, right]
          IF_ONE: !If [One, right, wrong]
          LEFT_OUT: !If [No, wrong, !Ref AWS::NoValue]
          SUBSTITUTED: !Sub ['\${Own} \${Q.Arn} \${!Literal}', { Own: !Ref Q }]
`).describe(names);
    expect(functions[0]?.properties.Environment.Variables).toEqual({
      JOINED: 'a-ref:Q',
      SELECTED: 'b',
      IF_BOTH: 'right',
      IF_ONE: 'right',
      SUBSTITUTED: 'ref:Q Arn:Q ${Literal}',
    });
  });
});

describe('the functions of a template', () => {
  const queue = { logicalId: 'WorkQueue', url: 'http://work', arn: 'Arn:WorkQueue', name: 'work' };

  it('are described with routes, queues and limits', () => {
    const description = readTemplate(fixture, parameters, 'eu-west-1').describe(names);
    expect(describeFunctions(description, [queue], '/functions')).toEqual([
      {
        name: 'answer',
        fileUrl: 'file:///functions/answer.ts',
        exportName: 'handler',
        timeoutSeconds: 2,
        memoryMebibytes: 128,
        routes: [{ functionName: 'answer', routeKey: 'ANY /answer/{how}' }],
        mappings: [],
        schedules: [],
      },
      {
        name: 'work',
        fileUrl: 'file:///functions/work.ts',
        exportName: 'handler',
        timeoutSeconds: 10,
        memoryMebibytes: 128,
        routes: [],
        mappings: [
          {
            functionName: 'work',
            queueUrl: 'http://work',
            queueArn: 'Arn:WorkQueue',
            batchSize: 5,
            batchingWindowSeconds: 0,
            maximumConcurrency: 2,
            reportsFailures: true,
          },
        ],
        schedules: [],
      },
    ]);
  });

  it('must not want different values of one variable, because locally they share them', () => {
    const description = describeText(`  F: ${functionWith('one')}\n  G: ${functionWith('two')}`);
    expect(() => sharedEnvironment(description)).toThrow('G wants its own A');
  });

  it('must be built from the file that their handler names', () => {
    const description = describeText(
      '  F: { Type: AWS::Serverless::Function, Properties: { CodeUri: src/, Handler: f.handler } }',
    );
    expect(() => describeFunctions(description, [], '/functions')).toThrow('CodeUri must be dist/f/');
  });
});

it('the template of this project is one that the local stack can run', () => {
  const { functions, queues } = readTemplate(project, parameters, 'eu-west-1').describe(names);
  expect(functions.length).toBeGreaterThan(0);
  expect(queues.filter(({ properties }) => properties.RedrivePolicy !== undefined).length).toBeGreaterThan(0);
});

describe('the Showpad of this project', () => {
  const { ShowpadV4Url, ShowpadV3Url, ...others } = parameters;
  const environmentWith = (given: Readonly<Record<string, string>>) =>
    readTemplate(project, { ...others, ...given }, 'eu-west-1').describe(names).functions[0]?.properties
      .Environment.Variables;

  it('is known by its subdomain', () => {
    expect(environmentWith({ ShowpadSubdomain: 'acme' })).toMatchObject({
      SHOWPAD_V4_URL: 'https://acme.api.showpad.com/v4',
      SHOWPAD_V3_URL: 'https://acme.showpad.biz/api/v3',
    });
  });

  it('or by the URLs of its two APIs', () => {
    expect(environmentWith({ ShowpadV4Url, ShowpadV3Url })).toMatchObject({
      SHOWPAD_V4_URL: ShowpadV4Url,
      SHOWPAD_V3_URL: ShowpadV3Url,
    });
  });

  it.each<[string, Readonly<Record<string, string>>]>([
    ['neither', {}],
    ['both', { ShowpadSubdomain: 'acme', ShowpadV4Url, ShowpadV3Url }],
    ['one URL alone', { ShowpadV4Url }],
    ['a subdomain and one URL', { ShowpadSubdomain: 'acme', ShowpadV3Url }],
  ])('is not known by %s', (_what, given) => {
    expect(() => environmentWith(given)).toThrow(
      /not usable: Give either ShowpadSubdomain, or both ShowpadV4Url and ShowpadV3Url\.$/,
    );
  });

  it.each(['acme.showpad.com', 'Acme', '-acme', 'https://acme'])(
    'has no subdomain %s',
    (ShowpadSubdomain) => {
      expect(() => environmentWith({ ShowpadSubdomain })).toThrow('ShowpadSubdomain must match');
    },
  );

  it.each(['http://acme.api.showpad.com/v4', 'https://acme.api.showpad.com/v4?a', 'ftp://acme', 'acme'])(
    'has no API at %s',
    (url) => {
      expect(() => environmentWith({ ShowpadV4Url: url, ShowpadV3Url })).toThrow('ShowpadV4Url must match');
    },
  );
});
