import { CreateTableCommand, DescribeTableCommand, waitUntilTableExists } from '@aws-sdk/client-dynamodb';
import type { CreateTableCommandInput, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CreateBucketCommand, PutBucketNotificationConfigurationCommand } from '@aws-sdk/client-s3';
import type { Event } from '@aws-sdk/client-s3';
import {
  CreateSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
} from '@aws-sdk/client-secrets-manager';
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { CreateTopicCommand } from '@aws-sdk/client-sns';
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  SetQueueAttributesCommand,
} from '@aws-sdk/client-sqs';
import type { AwsClients } from './aws-clients.ts';
import type {
  BucketProperties,
  Described,
  PhysicalNames,
  QueueProperties,
  TableProperties,
  Template,
} from './template.ts';

const stackName = 'showpad-connector';

export interface Queue {
  readonly logicalId: string;
  readonly url: string;
  readonly arn: string;
  readonly name: string;
}

export interface Resources extends PhysicalNames {
  readonly queues: readonly Queue[];
  /** Logical id → name. */
  readonly buckets: Readonly<Record<string, string>>;
  /** Logical id → name. */
  readonly tables: Readonly<Record<string, string>>;
  /** Logical id → ARN. */
  readonly topics: Readonly<Record<string, string>>;
}

/** Creates the template's queues, topics, buckets and tables; what exists already from an earlier run is taken over. */
export async function createResources(template: Template, clients: AwsClients): Promise<Resources> {
  const namesOf = (type: string): Record<string, string> =>
    Object.fromEntries(template.logicalIds(type).map((logicalId) => [logicalId, physicalName(logicalId)]));
  const buckets = namesOf('AWS::S3::Bucket');
  const tables = namesOf('AWS::DynamoDB::Table');
  // Its name is the stack's, in the template.
  const buses = template.logicalIds('AWS::Events::EventBus');
  const apis = template.logicalIds('AWS::Serverless::HttpApi');
  const queues = await Promise.all(
    Object.entries(namesOf('AWS::SQS::Queue')).map(([logicalId, name]) =>
      createQueue(clients, logicalId, name),
    ),
  );
  const topics = Object.fromEntries(
    await Promise.all(
      Object.entries(namesOf('AWS::SNS::Topic')).map(
        async ([logicalId, name]) => [logicalId, await createTopic(clients, name)] as const,
      ),
    ),
  );

  const resources: Resources = {
    queues,
    buckets,
    tables,
    topics,
    reference: (logicalId) =>
      queues.find((queue) => queue.logicalId === logicalId)?.url ??
      buckets[logicalId] ??
      tables[logicalId] ??
      topics[logicalId] ??
      (buses.includes(logicalId) ? stackName : undefined) ??
      apis.find((api) => api === logicalId),
    attribute: (logicalId, attribute) => {
      const queue = queues.find((candidate) => candidate.logicalId === logicalId);
      if (queue !== undefined)
        return { Arn: queue.arn, QueueName: queue.name, QueueUrl: queue.url }[attribute];
      if (attribute !== 'Arn') return undefined;
      if (buckets[logicalId] !== undefined) return `arn:aws:s3:::${buckets[logicalId]}`;
      if (tables[logicalId] === undefined) return undefined;
      return `arn:aws:dynamodb:local:000000000000:table/${tables[logicalId]}`;
    },
  };
  const description = template.describe(resources);
  await Promise.all([
    ...description.queues.map((queue) => configureQueue(clients, resources, queue)),
    ...description.tables.map((table) => createTable(clients, resources, table)),
    ...description.buckets.map((bucket) => createBucket(clients, resources, bucket)),
  ]);
  return resources;
}

/** StageQueue becomes showpad-connector-stage-queue, a name that buckets may have too. */
function physicalName(logicalId: string): string {
  return `${stackName}-${logicalId.replaceAll(/(?<=[a-z0-9])[A-Z]/g, '-$&').toLowerCase()}`;
}

async function createQueue({ sqs }: AwsClients, logicalId: string, name: string): Promise<Queue> {
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: name }));
  if (QueueUrl === undefined) throw new Error(`SQS gave no URL for ${name}.`);
  const url = await reachable(QueueUrl, sqs);
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['QueueArn'] }),
  );
  if (Attributes?.['QueueArn'] === undefined) throw new Error(`SQS gave no ARN for ${name}.`);
  return { logicalId, url, arn: Attributes['QueueArn'], name };
}

/** An SQS from elsewhere may name a host that does not resolve here; the SDK follows the URL's host. */
async function reachable(queueUrl: string, sqs: AwsClients['sqs']): Promise<string> {
  const endpoint = await sqs.config.endpoint?.();
  if (endpoint === undefined) return queueUrl;
  const port = endpoint.port === undefined ? '' : `:${endpoint.port}`;
  return `${endpoint.protocol}//${endpoint.hostname}${port}${new URL(queueUrl).pathname}`;
}

async function configureQueue(
  { sqs }: AwsClients,
  resources: Resources,
  { logicalId, properties }: Described<QueueProperties>,
): Promise<void> {
  const { RedrivePolicy } = properties;
  await sqs.send(
    new SetQueueAttributesCommand({
      QueueUrl: resources.reference(logicalId),
      Attributes: {
        VisibilityTimeout: String(properties.VisibilityTimeout),
        DelaySeconds: String(properties.DelaySeconds),
        MessageRetentionPeriod: String(properties.MessageRetentionPeriod),
        MaximumMessageSize: String(properties.MaximumMessageSize),
        ReceiveMessageWaitTimeSeconds: String(properties.ReceiveMessageWaitTimeSeconds),
        ...(RedrivePolicy === undefined ? {} : { RedrivePolicy: JSON.stringify(RedrivePolicy) }),
      },
    }),
  );
}

async function createTable(
  { dynamodb }: AwsClients,
  resources: Resources,
  { logicalId, properties }: Described<TableProperties>,
): Promise<void> {
  const { AttributeDefinitions, KeySchema, GlobalSecondaryIndexes, BillingMode } = properties;
  const table: CreateTableCommandInput = {
    TableName: resources.reference(logicalId),
    AttributeDefinitions,
    KeySchema,
    BillingMode,
    ...(GlobalSecondaryIndexes.length === 0
      ? {}
      : {
          GlobalSecondaryIndexes: GlobalSecondaryIndexes.map(({ Projection, ...index }) => ({
            ...index,
            Projection: {
              ProjectionType: Projection.ProjectionType,
              ...(Projection.NonKeyAttributes === undefined
                ? {}
                : { NonKeyAttributes: Projection.NonKeyAttributes }),
            },
          })),
        }),
  };
  const created = await unlessThere(dynamodb.send(new CreateTableCommand(table)), 'ResourceInUseException');
  if (created === undefined) await assertSameTable(dynamodb, table);
  await waitUntilTableExists(
    { client: dynamodb, maxWaitTime: 60, minDelay: 1 },
    { TableName: table.TableName },
  );
}

/** A table of an earlier run may come from another template. */
async function assertSameTable(dynamodb: DynamoDBClient, wanted: CreateTableCommandInput): Promise<void> {
  const { Table } = await dynamodb.send(new DescribeTableCommand({ TableName: wanted.TableName }));
  const shapeOf = ({ KeySchema, GlobalSecondaryIndexes = [] }: CreateTableCommandInput): string =>
    JSON.stringify([
      KeySchema,
      GlobalSecondaryIndexes.map((index) => JSON.stringify([index.IndexName, index.KeySchema])).toSorted(),
    ]);
  if (Table !== undefined && shapeOf(Table as CreateTableCommandInput) === shapeOf(wanted)) return;
  throw new Error(
    `The table ${wanted.TableName} of an earlier run has other keys or indexes than template.yaml asks for. Start with another STATE_DIR.`,
  );
}

/** What exists already from an earlier run is answered with as if it were new. */
async function createTopic({ sns }: AwsClients, name: string): Promise<string> {
  const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: name }));
  if (TopicArn === undefined) throw new Error(`SNS gave no ARN for ${name}.`);
  return TopicArn;
}

async function createBucket(
  { s3 }: AwsClients,
  resources: Resources,
  { logicalId, properties }: Described<BucketProperties>,
): Promise<void> {
  const Bucket = resources.reference(logicalId);
  await unlessThere(s3.send(new CreateBucketCommand({ Bucket })), 'BucketAlreadyOwnedByYou');
  const notifications = properties.NotificationConfiguration?.QueueConfigurations ?? [];
  if (notifications.length === 0) return;
  await s3.send(
    new PutBucketNotificationConfigurationCommand({
      Bucket,
      NotificationConfiguration: {
        QueueConfigurations: notifications.map(({ Event: event, Queue: QueueArn, Filter }) => ({
          // The template's own words: S3 says what is wrong with them.
          Events: [event as Event],
          QueueArn,
          Filter: { Key: { FilterRules: Filter.S3Key.Rules } },
        })),
      },
    }),
  );
}

/** Stores a secret and answers with its ARN. */
export async function putSecret(
  { secretsManager }: AwsClients,
  name: string,
  value: unknown,
): Promise<string> {
  const SecretString = JSON.stringify(value);
  const created = await unlessThere(
    secretsManager.send(new CreateSecretCommand({ Name: name, SecretString })),
    'ResourceExistsException',
  );
  const { ARN } = created ?? (await replaceSecret(secretsManager, name, SecretString));
  if (ARN === undefined) throw new Error(`Secrets Manager gave no ARN for ${name}.`);
  return ARN;
}

/** A value that is there already is no new version. */
async function replaceSecret(
  client: SecretsManagerClient,
  SecretId: string,
  SecretString: string,
): Promise<{ ARN?: string | undefined }> {
  const current = await client.send(new GetSecretValueCommand({ SecretId }));
  if (current.SecretString === SecretString) return current;
  return client.send(new PutSecretValueCommand({ SecretId, SecretString }));
}

/** The value of a secret as it is now; null when there is no such secret. */
export async function readSecret({ secretsManager }: AwsClients, name: string): Promise<unknown> {
  const found = await unlessThere(
    secretsManager.send(new GetSecretValueCommand({ SecretId: name })),
    'ResourceNotFoundException',
  );
  return found?.SecretString === undefined ? null : JSON.parse(found.SecretString);
}

async function unlessThere<Answer>(
  call: Promise<Answer>,
  nameWhenThere: string,
): Promise<Answer | undefined> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof Error && error.name === nameWhenThere) return undefined;
    throw error;
  }
}
