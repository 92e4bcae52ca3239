import type { APIGatewayProxyEventV2, SQSRecord } from 'aws-lambda';
import { vi } from 'vitest';
import * as z from 'zod';
import { createLambda, type LambdaHandler } from '../../local/lambda.ts';
import { sqsEvent } from '../../local/sqs-event.ts';

/** What every function finds in its environment, beside the addresses of AWS. */
export const functionEnvironment: Readonly<Record<string, string>> = {
  AWS_REGION: 'eu-west-1',
  AWS_ACCESS_KEY_ID: 'local',
  AWS_SECRET_ACCESS_KEY: 'local',
  POWERTOOLS_LOG_LEVEL: 'SILENT',
  POWERTOOLS_METRICS_DISABLED: 'true',
  POWERTOOLS_METRICS_NAMESPACE: 'test',
  POWERTOOLS_SERVICE_NAME: 'test',
  TABLE_NAME: 'table',
  STAGING_BUCKET: 'bucket',
  INBOX_BUCKET: 'inbox',
  STAGE_QUEUE_URL: 'http://127.0.0.1:1/000000000000/stage',
  UPLOAD_QUEUE_URL: 'http://127.0.0.1:1/000000000000/upload',
  METADATA_QUEUE_URL: 'http://127.0.0.1:1/000000000000/metadata',
  POLL_QUEUE_URL: 'http://127.0.0.1:1/000000000000/poll',
  PERSONAL_UPLOAD_QUEUE_URL: 'http://127.0.0.1:1/000000000000/personal-upload',
  MANIFEST_QUEUE_URL: 'http://127.0.0.1:1/000000000000/manifest',
  EVENTS_QUEUE_URL: 'http://127.0.0.1:1/000000000000/events',
  INBOX_QUEUE_URL: 'http://127.0.0.1:1/000000000000/inbox',
  OUTCOME_QUEUE_URL: 'http://127.0.0.1:1/000000000000/outcome',
  OUTCOME_TOPIC_ARN: 'arn:aws:sns:eu-west-1:000000000000:outcome',
  ENVIRONMENT_NAME: 'test',
  SHOWPAD_REQUESTS_PER_SECOND: '50',
  SHOWPAD_LEAST_REQUESTS_PER_SECOND: '1',
  BUDGET_RESERVE_PERCENT: '10',
  SOURCES_SECRET_ARN: 'arn:aws:secretsmanager:eu-west-1:000000000000:secret:sources',
  SHOWPAD_SECRET_ARN: 'arn:aws:secretsmanager:eu-west-1:000000000000:secret:showpad',
  SOURCE_CREDENTIALS_SECRET_ARN: '',
  SHOWPAD_V4_URL: 'http://127.0.0.1:1/v4',
  SHOWPAD_V3_URL: 'http://127.0.0.1:1/api/v3',
  PROCESSING_POLL_SECONDS: '30',
  TICKET_POLL_SECONDS: '30',
  PROCESSING_DEADLINE_SECONDS: '86400',
  SETTLE_SECONDS: '120',
  SOURCE_DEADLINE_SECONDS: '3600',
  MAX_FILE_BYTES: '1000000',
  ALLOW_PRIVATE_SOURCES: 'false',
  DELIVERY: 'running',
};

export function stubEnvironment(environment: Readonly<Record<string, string>> = {}): void {
  for (const [name, value] of Object.entries({ ...functionEnvironment, ...environment })) {
    vi.stubEnv(name, value);
  }
}

const handlerSchema = z.custom<LambdaHandler>((value) => typeof value === 'function');

/**
 * Invokes a handler as Lambda does.
 * @throws {Error} when the invocation fails
 */
export async function invoke(handler: unknown, event: unknown, timeoutSeconds = 20): Promise<unknown> {
  const lambda = createLambda('eu-west-1', () => undefined);
  const target = {
    name: 'function',
    handler: handlerSchema.parse(handler),
    timeoutSeconds,
    memoryMebibytes: 512,
  };
  const result = await lambda.invoke(target, event);
  if (!result.ok) throw new Error(`${result.errorType}: ${result.errorMessage}`);
  return result.payload;
}

const answerSchema = z.strictObject({
  statusCode: z.number(),
  headers: z.record(z.string(), z.string()),
  body: z.string().transform((text): unknown => JSON.parse(text)),
});
export type HttpAnswer = z.output<typeof answerSchema>;

export interface HttpCall {
  readonly method?: string;
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly isBase64Encoded?: boolean;
}

/** Calls the handler of a route with an event of the HTTP API. */
export async function call(handler: unknown, request: HttpCall = {}): Promise<HttpAnswer> {
  const { method = 'POST', path = {}, query = {}, headers = {}, body, isBase64Encoded = false } = request;
  const event: APIGatewayProxyEventV2 = {
    version: '2.0',
    routeKey: `${method} /test`,
    rawPath: '/test',
    rawQueryString: '',
    headers,
    queryStringParameters: query,
    pathParameters: path,
    requestContext: {
      accountId: '000000000000',
      apiId: 'test',
      domainName: 'test',
      domainPrefix: 'test',
      http: { method, path: '/test', protocol: 'HTTP/1.1', sourceIp: '127.0.0.1', userAgent: 'test' },
      requestId: 'request-1',
      routeKey: `${method} /test`,
      stage: '$default',
      time: '01/Jan/2026:00:00:00 +0000',
      timeEpoch: 0,
    },
    ...(body !== undefined && { body }),
    isBase64Encoded,
  };
  return answerSchema.parse(await invoke(handler, event));
}

const batchSchema = z.strictObject({
  batchItemFailures: z.array(z.strictObject({ itemIdentifier: z.string() })),
});

/**
 * Hands these bodies over as one batch of a queue.
 * @returns the positions of those that failed
 */
export async function deliver(
  handler: unknown,
  bodies: readonly string[],
  queue = 'work',
): Promise<number[]> {
  const event = sqsEvent(
    bodies.map((Body, index) => ({
      MessageId: `message-${index}`,
      ReceiptHandle: `receipt-${index}`,
      Body,
      Attributes: { ApproximateReceiveCount: '99' },
    })),
    `arn:aws:sqs:eu-west-1:000000000000:${queue}`,
  );
  const { batchItemFailures } = batchSchema.parse(await invoke(handler, event));
  const ids = event.Records.map(({ messageId }: SQSRecord) => messageId);
  return batchItemFailures
    .map(({ itemIdentifier }) => ids.indexOf(itemIdentifier))
    .toSorted((left, right) => left - right);
}
