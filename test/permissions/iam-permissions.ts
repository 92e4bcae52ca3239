import * as z from 'zod';
import type { AwsCall } from './aws-call-log.ts';

/** An IAM action on a resource of the template, such as `s3:GetObject on StagingBucket/staged/*`. */
export type Permission = string;

export const permission = (action: string, resource: string): Permission => `${action} on ${resource}`;

/** The logical id of a resource, or of the parameter that names it. */
export type LogicalId = (physicalName: string) => string;

type Needs = (input: unknown, logicalId: LogicalId, error: string | undefined) => readonly Permission[];

const tableInput = z.object({ TableName: z.string(), IndexName: z.string().optional() });
const batchInput = z.object({ RequestItems: z.record(z.string(), z.unknown()) });
const queueInput = z.object({ QueueUrl: z.string() });
const topicInput = z.object({ TopicArn: z.string() });
const secretInput = z.object({ SecretId: z.string() });
const bucketInput = z.object({ Bucket: z.string() });
const objectInput = z.object({ Bucket: z.string(), Key: z.string() });

const onTable =
  (action: string): Needs =>
  (input, logicalId) => {
    const { TableName, IndexName } = tableInput.parse(input);
    const table = logicalId(TableName);
    return [permission(action, IndexName === undefined ? table : `${table}/index/${IndexName}`)];
  };

const onTables =
  (action: string): Needs =>
  (input, logicalId) =>
    Object.keys(batchInput.parse(input).RequestItems).map((name) => permission(action, logicalId(name)));

const onQueue =
  (action: string): Needs =>
  (input, logicalId) => [permission(action, logicalId(queueInput.parse(input).QueueUrl))];

const onBucket =
  (action: string): Needs =>
  (input, logicalId) => [permission(action, logicalId(bucketInput.parse(input).Bucket))];

/** An object is one of those below the first part of its key. */
const onObject =
  (action: string): Needs =>
  (input, logicalId) => {
    const { Bucket, Key } = objectInput.parse(input);
    return [permission(action, `${logicalId(Bucket)}/${Key.split('/')[0] ?? ''}/*`)];
  };

/**
 * What a command of the SDK needs, by its class. Actions are those of AWS's service authorization reference:
 * https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
 * For the operations of S3, whose names differ from their actions:
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
 */
const needsOf: Readonly<Record<string, Needs>> = {
  GetCommand: onTable('dynamodb:GetItem'),
  PutCommand: onTable('dynamodb:PutItem'),
  UpdateCommand: onTable('dynamodb:UpdateItem'),
  QueryCommand: onTable('dynamodb:Query'),
  BatchGetCommand: onTables('dynamodb:BatchGetItem'),

  SendMessageCommand: onQueue('sqs:SendMessage'),
  ReceiveMessageCommand: onQueue('sqs:ReceiveMessage'),
  DeleteMessageCommand: onQueue('sqs:DeleteMessage'),
  ChangeMessageVisibilityCommand: onQueue('sqs:ChangeMessageVisibility'),
  ChangeMessageVisibilityBatchCommand: onQueue('sqs:ChangeMessageVisibility'),
  GetQueueAttributesCommand: onQueue('sqs:GetQueueAttributes'),

  PutObjectCommand: onObject('s3:PutObject'),
  CreateMultipartUploadCommand: onObject('s3:PutObject'),
  UploadPartCommand: onObject('s3:PutObject'),
  CompleteMultipartUploadCommand: onObject('s3:PutObject'),
  AbortMultipartUploadCommand: onObject('s3:AbortMultipartUpload'),
  DeleteObjectCommand: onObject('s3:DeleteObject'),
  GetObjectCommand: (input, logicalId, error) => [
    ...onObject('s3:GetObject')(input, logicalId, error),
    // Who may not list the bucket is told 403 instead: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
    ...(error === 'NoSuchKey' ? onBucket('s3:ListBucket')(input, logicalId, error) : []),
  ],
  HeadObjectCommand: (input, logicalId, error) => [
    ...onObject('s3:GetObject')(input, logicalId, error),
    ...(error === 'NotFound' ? onBucket('s3:ListBucket')(input, logicalId, error) : []),
  ],
  ListObjectsV2Command: onBucket('s3:ListBucket'),
  ListMultipartUploadsCommand: onBucket('s3:ListBucketMultipartUploads'),

  PublishCommand: (input, logicalId) => [
    permission('sns:Publish', logicalId(topicInput.parse(input).TopicArn)),
  ],
  GetSecretValueCommand: (input, logicalId) => [
    permission('secretsmanager:GetSecretValue', logicalId(secretInput.parse(input).SecretId)),
  ],
};

/**
 * What a function must be allowed for a call.
 * @throws {Error} for a command of which nobody has said what it needs
 */
export function permissionsOf(
  { command, input, error }: AwsCall,
  logicalId: LogicalId,
): readonly Permission[] {
  const needs = needsOf[command];
  if (needs !== undefined) return needs(input, logicalId, error);
  throw new Error(`Say in test/permissions/iam-permissions.ts which IAM actions ${command} needs.`);
}
