import * as z from 'zod';

/** A property that means nothing on one machine: permissions, encryption, logging, tags. */
const ignored = z.unknown().optional();
const count = z.union([z.number(), z.string().transform(Number)]).pipe(z.number().int().min(0));

export const queueSchema = z.strictObject({
  VisibilityTimeout: count.default(30),
  DelaySeconds: count.default(0),
  MessageRetentionPeriod: count.default(345_600),
  MaximumMessageSize: count.default(1_048_576),
  ReceiveMessageWaitTimeSeconds: count.default(0),
  RedrivePolicy: z.strictObject({ deadLetterTargetArn: z.string(), maxReceiveCount: count }).optional(),
  SqsManagedSseEnabled: ignored,
  KmsMasterKeyId: ignored,
  KmsDataKeyReusePeriodSeconds: ignored,
  RedriveAllowPolicy: ignored,
  Tags: ignored,
});

export const bucketSchema = z.strictObject({
  BucketEncryption: ignored,
  PublicAccessBlockConfiguration: ignored,
  OwnershipControls: ignored,
  LifecycleConfiguration: ignored,
  VersioningConfiguration: ignored,
  NotificationConfiguration: z
    .strictObject({
      QueueConfigurations: z.array(
        z.strictObject({
          Event: z.string(),
          Queue: z.string(),
          Filter: z.strictObject({
            S3Key: z.strictObject({
              Rules: z.array(z.strictObject({ Name: z.enum(['prefix', 'suffix']), Value: z.string() })),
            }),
          }),
        }),
      ),
    })
    .optional(),
  Tags: ignored,
});

export const busSchema = z.strictObject({ Name: z.string(), Tags: ignored });

export const ruleSchema = z.strictObject({
  EventBusName: z.string(),
  /** Whoever runs the rule says what it does not understand. */
  EventPattern: z.record(z.string(), z.unknown()),
  State: z.enum(['ENABLED', 'DISABLED']).default('ENABLED'),
  Targets: z
    .array(
      z.strictObject({
        Id: z.string(),
        Arn: z.string(),
        RetryPolicy: z.record(z.string(), z.unknown()).optional(),
        DeadLetterConfig: z.strictObject({ Arn: z.string() }).optional(),
      }),
    )
    .min(1),
  Description: ignored,
});

const keySchema = z.array(z.strictObject({ AttributeName: z.string(), KeyType: z.enum(['HASH', 'RANGE']) }));

export const tableSchema = z.strictObject({
  AttributeDefinitions: z.array(
    z.strictObject({ AttributeName: z.string(), AttributeType: z.enum(['S', 'N', 'B']) }),
  ),
  KeySchema: keySchema,
  GlobalSecondaryIndexes: z
    .array(
      z.strictObject({
        IndexName: z.string(),
        KeySchema: keySchema,
        Projection: z.strictObject({
          ProjectionType: z.enum(['ALL', 'KEYS_ONLY', 'INCLUDE']),
          NonKeyAttributes: z.array(z.string()).optional(),
        }),
      }),
    )
    .default([]),
  BillingMode: z.literal('PAY_PER_REQUEST'),
  DeletionProtectionEnabled: ignored,
  PointInTimeRecoverySpecification: ignored,
  SSESpecification: ignored,
  TimeToLiveSpecification: ignored,
  Tags: ignored,
});

const httpEventSchema = z.strictObject({
  Type: z.literal('HttpApi'),
  Properties: z.strictObject({
    ApiId: ignored,
    Method: z.string().transform((method) => method.toUpperCase()),
    Path: z.string().startsWith('/'),
    Auth: z.strictObject({ Authorizer: z.enum(['NONE', 'AWS_IAM']) }),
  }),
});

const queueEventSchema = z.strictObject({
  Type: z.literal('SQS'),
  Properties: z
    .strictObject({
      Queue: z.string(),
      BatchSize: count.default(10),
      MaximumBatchingWindowInSeconds: count.default(0),
      FunctionResponseTypes: z.array(z.literal('ReportBatchItemFailures')).default([]),
      ScalingConfig: z
        .strictObject({ MaximumConcurrency: count.pipe(z.number().min(2).max(1000)) })
        .optional(),
      Enabled: z.boolean().default(true),
    })
    .refine(
      ({ BatchSize, MaximumBatchingWindowInSeconds }) =>
        BatchSize <= 10 || MaximumBatchingWindowInSeconds > 0,
      {
        error: 'a BatchSize over 10 needs a MaximumBatchingWindowInSeconds of at least 1',
      },
    ),
});

const scheduleEventSchema = z.strictObject({
  Type: z.enum(['Schedule', 'ScheduleV2']),
  Properties: z.strictObject({
    Schedule: z.string().optional(),
    ScheduleExpression: z.string().optional(),
    Input: z.string().optional(),
    Name: ignored,
    Description: ignored,
    RetryPolicy: ignored,
    DeadLetterConfig: ignored,
    FlexibleTimeWindow: ignored,
  }),
});

export const functionSchema = z.strictObject({
  CodeUri: z.string(),
  Handler: z.string(),
  Timeout: count.default(3),
  MemorySize: count.default(128),
  Environment: z
    .strictObject({ Variables: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])) })
    .default({ Variables: {} }),
  Events: z
    .record(
      z.string(),
      z.discriminatedUnion('Type', [httpEventSchema, queueEventSchema, scheduleEventSchema]),
    )
    .default({}),
  Description: ignored,
  Runtime: ignored,
  Architectures: ignored,
  Tracing: ignored,
  LoggingConfig: ignored,
  RecursiveLoop: ignored,
  Role: ignored,
  FunctionName: ignored,
  Tags: ignored,
});

/** Resource types that the local stack can do without. */
export const ignoredTypes: ReadonlySet<string> = new Set([
  'AWS::CloudWatch::Alarm',
  'AWS::CloudWatch::Dashboard',
  'AWS::IAM::Role',
  'AWS::Lambda::Permission',
  'AWS::Logs::LogGroup',
  'AWS::Logs::MetricFilter',
  'AWS::S3::BucketPolicy',
  'AWS::SNS::Subscription',
  'AWS::SNS::Topic',
  'AWS::SNS::TopicPolicy',
  'AWS::SQS::QueuePolicy',
  'AWS::Serverless::HttpApi',
]);
