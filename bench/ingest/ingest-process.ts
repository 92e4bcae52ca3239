import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { Webhook } from 'standardwebhooks';
import type { AwsEndpoints } from '../../local/aws.ts';
import { trusted } from '../../local/child.ts';
import { applyEnvironment } from '../../local/lambda-environment.ts';
import { serveParent } from '../../local/parent.ts';
import { startStack } from '../../local/stack.ts';
import { forge, makeDeliveries } from './deliveries.ts';
import { watchAwsCalls, type HttpCall } from './http-calls.ts';

export interface IngestSettings {
  /** AWS in another process, so that its work is not counted as ours. */
  readonly endpoints: AwsEndpoints;
}

export interface Batch {
  readonly latenciesMs: readonly number[];
  /** User and system time of this process. */
  readonly cpuMs: number;
  readonly calls: readonly HttpCall[];
}

type Handle = (event: APIGatewayProxyEventV2) => unknown;

serveParent(trusted<IngestSettings>(), async ({ endpoints }) => {
  applyEnvironment({
    AWS_ENDPOINT_URL_S3: endpoints.s3,
    AWS_ENDPOINT_URL_SQS: endpoints.sqs,
    AWS_ENDPOINT_URL_DYNAMODB: endpoints.dynamodb,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: endpoints.secretsManager,
    AWS_ACCESS_KEY_ID: 'bench',
    AWS_SECRET_ACCESS_KEY: 'bench',
  });
  const stack = await startStack({
    processes: 'shared',
    environment: { POWERTOOLS_LOG_LEVEL: 'INFO', POWERTOOLS_METRICS_DISABLED: 'false' },
  });
  await Promise.all(
    ['stage-binary', 'upload-asset', 'update-metadata', 'poll-processing'].map((name) => stack.pause(name)),
  );
  const secret = stack.sources['demo']?.secret ?? '';
  const invoke = async (event: APIGatewayProxyEventV2, wantedStatus: number): Promise<void> => {
    const result = await stack.invoke('receive-event', event);
    if (!result.ok) throw new Error(`receive-event failed: ${result.errorMessage}`);
    const { statusCode, body } = trusted<APIGatewayProxyStructuredResultV2>().parse(result.payload);
    if (statusCode !== wantedStatus)
      throw new Error(`receive-event answered with ${statusCode}: ${body ?? ''}`);
  };
  return {
    ready: null,
    methods: {
      accept: (count) => measure(makeDeliveries(secret, Number(count)), (event) => invoke(event, 202)),
      refuse: (count) =>
        measure(makeDeliveries(secret, Number(count)).map(forge), (event) => invoke(event, 401)),
      bare: (count) =>
        measure(makeDeliveries(secret, Number(count)), (event) => verifyAndParse(secret, event)),
    },
    stop: stack.stop,
  };
});

/** The least that any receiver of such events has to do. */
function verifyAndParse(secret: string, event: APIGatewayProxyEventV2): unknown {
  const body = Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8');
  const headers = Object.entries(event.headers).map(([name, value]) => [name, value ?? ''] as const);
  return new Webhook(secret).verify(body, Object.fromEntries(headers));
}

async function measure(events: readonly APIGatewayProxyEventV2[], handle: Handle): Promise<Batch> {
  const latenciesMs: number[] = [];
  const calls = watchAwsCalls();
  const cpuBefore = process.cpuUsage();
  for (const event of events) {
    const startedAt = performance.now();
    await handle(event);
    latenciesMs.push(performance.now() - startedAt);
  }
  const { user, system } = process.cpuUsage(cpuBefore);
  return { latenciesMs, cpuMs: (user + system) / 1_000, calls: calls() };
}
