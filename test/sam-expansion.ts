import * as z from 'zod';
import type { CloudFormationTemplate, Properties, Resource, SamTemplate } from './sam-template.ts';

const functionSchema = z.looseObject({
  CodeUri: z.string(),
  Tracing: z.string().optional(),
  Policies: z
    .array(z.union([z.string(), z.looseObject({ Version: z.string(), Statement: z.array(z.unknown()) })]))
    .default([]),
  Events: z
    .record(
      z.string(),
      z.discriminatedUnion('Type', [
        z.strictObject({ Type: z.literal('SQS'), Properties: z.looseObject({ Queue: z.unknown() }) }),
        z.strictObject({
          Type: z.literal('Schedule'),
          Properties: z.strictObject({ Schedule: z.string() }),
        }),
        z.strictObject({
          Type: z.literal('HttpApi'),
          Properties: z.strictObject({
            ApiId: z.strictObject({ Ref: z.string() }),
            Method: z.string(),
            Path: z.string(),
            Auth: z.strictObject({ Authorizer: z.enum(['NONE', 'AWS_IAM']) }),
          }),
        }),
      ]),
    )
    .default({}),
});
type FunctionProperties = z.output<typeof functionSchema>;
type FunctionEvent = FunctionProperties['Events'][string];

// SAM takes the authorizer NONE of a route only where the API has a default.
const apiSchema = z
  .looseObject({
    Auth: z.strictObject({
      EnableIamAuthorizer: z.literal(true),
      DefaultAuthorizer: z.literal('AWS_IAM'),
    }),
  })
  .transform(({ Auth, ...settings }) => ({ Auth, settings }));

/**
 * What SAM makes of a template, in the plain resource types that CloudFormation's schemas and our own rules know.
 * One difference: routes and integrations, which SAM writes into one OpenAPI body, are resources of their own.
 * @throws {Error} when the template uses more of SAM than is known here
 */
export function expandSam({ Globals, Resources, ...sections }: SamTemplate): CloudFormationTemplate {
  const resources = Object.entries(Resources).flatMap(([id, resource]): Named[] => {
    const { Type, Properties: own, ...attributes } = resource;
    if (Type.startsWith('AWS::Serverless::') && Object.keys(attributes).length > 0) {
      throw new Error(`${id}: the expansion does not know ${Object.keys(attributes).join(', ')}.`);
    }
    switch (Type) {
      case 'AWS::Serverless::Function':
        return expandFunction(id, parsed(functionSchema, merged(Globals.Function, own), id));
      case 'AWS::Serverless::HttpApi':
        return expandApi(id, parsed(apiSchema, own, id));
      default:
        if (!Type.startsWith('AWS::Serverless::')) return [[id, resource]];
        throw new Error(`${id}: the expansion does not know ${Type}.`);
    }
  });
  return { ...sections, Transform: undefined, Resources: Object.fromEntries(resources) };
}

type Named = readonly [id: string, resource: Resource];

const named = (id: string, Type: string, Properties: Properties): Named => [id, { Type, Properties }];

function expandFunction(
  id: string,
  { CodeUri, Tracing, Policies, Events, ...others }: FunctionProperties,
): Named[] {
  const events = Object.entries(Events);
  const readsQueue = events.some(([, { Type }]) => Type === 'SQS');
  return [
    named(id, 'AWS::Lambda::Function', {
      ...others,
      Code: { S3Bucket: 'bundles', S3Key: CodeUri },
      Role: { 'Fn::GetAtt': [`${id}Role`, 'Arn'] },
      ...(Tracing !== undefined && { TracingConfig: { Mode: Tracing } }),
    }),
    named(`${id}Role`, 'AWS::IAM::Role', {
      AssumeRolePolicyDocument: {
        Version: '2012-10-17',
        Statement: [
          { Effect: 'Allow', Action: ['sts:AssumeRole'], Principal: { Service: ['lambda.amazonaws.com'] } },
        ],
      },
      ManagedPolicyArns: [
        managed('service-role/AWSLambdaBasicExecutionRole'),
        ...(Tracing === 'Active' ? [managed('AWSXRayDaemonWriteAccess')] : []),
        ...(readsQueue ? [managed('service-role/AWSLambdaSQSQueueExecutionRole')] : []),
        ...Policies.filter((policy) => typeof policy === 'string'),
      ],
      Policies: Policies.filter((policy) => typeof policy !== 'string').map((document, index) => ({
        PolicyName: `${id}RolePolicy${index}`,
        PolicyDocument: document,
      })),
    }),
    ...events.flatMap(([name, event]) => expandEvent(id, `${id}${name}`, event)),
  ];
}

const managed = (name: string) => ({ 'Fn::Sub': `arn:\${AWS::Partition}:iam::aws:policy/${name}` });

function expandEvent(functionId: string, id: string, event: FunctionEvent): Named[] {
  const FunctionName = { Ref: functionId };
  if (event.Type === 'SQS') {
    const { Queue: EventSourceArn, ...settings } = event.Properties;
    return [named(id, 'AWS::Lambda::EventSourceMapping', { ...settings, EventSourceArn, FunctionName })];
  }
  if (event.Type === 'Schedule') {
    return [
      named(id, 'AWS::Events::Rule', {
        ScheduleExpression: event.Properties.Schedule,
        Targets: [{ Arn: { 'Fn::GetAtt': [functionId, 'Arn'] }, Id: `${id}LambdaTarget` }],
      }),
      named(`${id}Permission`, 'AWS::Lambda::Permission', {
        Action: 'lambda:InvokeFunction',
        FunctionName,
        Principal: 'events.amazonaws.com',
        SourceArn: { 'Fn::GetAtt': [id, 'Arn'] },
      }),
    ];
  }
  const { ApiId, Method, Path, Auth } = event.Properties;
  const api = `arn:\${AWS::Partition}:execute-api:\${AWS::Region}:\${AWS::AccountId}:\${${ApiId.Ref}}`;
  return [
    named(`${id}Permission`, 'AWS::Lambda::Permission', {
      Action: 'lambda:InvokeFunction',
      FunctionName,
      Principal: 'apigateway.amazonaws.com',
      SourceArn: { 'Fn::Sub': `${api}/*/${Method}/*` },
    }),
    named(`${id}Integration`, 'AWS::ApiGatewayV2::Integration', {
      ApiId,
      IntegrationType: 'AWS_PROXY',
      IntegrationUri: { 'Fn::GetAtt': [functionId, 'Arn'] },
      PayloadFormatVersion: '2.0',
    }),
    named(`${id}Route`, 'AWS::ApiGatewayV2::Route', {
      ApiId,
      RouteKey: `${Method} ${Path}`,
      AuthorizationType: Auth.Authorizer,
      Target: { 'Fn::Sub': `integrations/\${${id}Integration}` },
    }),
  ];
}

function expandApi(id: string, { settings }: { settings: Properties }): Named[] {
  return [
    named(id, 'AWS::ApiGatewayV2::Api', { Name: { Ref: 'AWS::StackName' }, ProtocolType: 'HTTP' }),
    named(`${id}DefaultStage`, 'AWS::ApiGatewayV2::Stage', {
      ...settings,
      ApiId: { Ref: id },
      StageName: '$default',
      AutoDeploy: true,
    }),
  ];
}

/** Like SAM: maps are merged, lists are joined, otherwise what the function says itself wins. */
function merged(globals: Properties, own: Properties): Properties {
  const result: Properties = { ...globals };
  for (const [key, value] of Object.entries(own)) {
    const base = result[key];
    if (Array.isArray(base) && Array.isArray(value))
      result[key] = [...(base as unknown[]), ...(value as unknown[])];
    else if (isMap(base) && isMap(value)) result[key] = merged(base, value);
    else result[key] = value;
  }
  return result;
}

const isMap = (value: unknown): value is Properties =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function parsed<Schema extends z.ZodType>(schema: Schema, value: unknown, id: string): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new Error(
    `${id} uses SAM in a way that the expansion does not know.\n${z.prettifyError(result.error)}`,
  );
}
