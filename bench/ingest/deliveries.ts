import { randomUUID } from 'node:crypto';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { Webhook } from 'standardwebhooks';

const routeKey = 'POST /events/{source}';
const path = '/events/demo';

/** Signed deliveries of one event each, of about 850 bytes, every one for a new asset, as API Gateway hands them over. */
export function makeDeliveries(
  secret: string,
  count: number,
  at: Date = new Date(),
): APIGatewayProxyEventV2[] {
  const webhook = new Webhook(secret);
  return Array.from({ length: count }, () => makeDelivery(webhook, at));
}

/** The same delivery with a body that nobody has signed. */
export function forge(delivery: APIGatewayProxyEventV2): APIGatewayProxyEventV2 {
  const body = Buffer.from(delivery.body ?? '', 'base64')
    .toString()
    .replace('brochure', 'Brochure');
  return { ...delivery, body: Buffer.from(body).toString('base64') };
}

function makeDelivery(webhook: Webhook, at: Date): APIGatewayProxyEventV2 {
  const messageId = `msg_${randomUUID()}`;
  const body = JSON.stringify(makeEvent(at));
  return {
    version: '2.0',
    routeKey,
    rawPath: path,
    rawQueryString: '',
    headers: {
      'content-type': 'application/cloudevents+json',
      'content-length': String(Buffer.byteLength(body)),
      host: 'abcdef1234.execute-api.eu-west-1.amazonaws.com',
      'user-agent': 'bench',
      'webhook-id': messageId,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
      'webhook-signature': webhook.sign(messageId, at, body),
    },
    requestContext: {
      accountId: '000000000000',
      apiId: 'abcdef1234',
      domainName: 'abcdef1234.execute-api.eu-west-1.amazonaws.com',
      domainPrefix: 'abcdef1234',
      http: { method: 'POST', path, protocol: 'HTTP/1.1', sourceIp: '192.0.2.1', userAgent: 'bench' },
      requestId: randomUUID(),
      routeKey,
      stage: '$default',
      time: '23/Nov/2026:12:00:00 +0000',
      timeEpoch: at.getTime(),
    },
    pathParameters: { source: 'demo' },
    body: Buffer.from(body).toString('base64'),
    isBase64Encoded: true,
  };
}

function makeEvent(at: Date): Readonly<Record<string, unknown>> {
  const subject = `brochures/${randomUUID()}`;
  return {
    specversion: '1.0',
    id: randomUUID(),
    source: '/dam/production',
    type: 'asset.upsert',
    subject,
    time: at.toISOString(),
    datacontenttype: 'application/json',
    data: {
      file: {
        url: `https://dam.example.com/rendition/${subject}/original.pdf?expires=1795392000`,
        name: 'Flow 200 brochure.pdf',
        mediaType: 'application/pdf',
        size: 4_812_331,
        sha256: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
      },
      metadata: {
        name: 'Flow 200 brochure',
        description: 'What the Flow 200 pump does, for whom, and how it compares with the Flow 100.',
        tags: ['pumps', 'brochure', 'flow-200'],
        languages: ['en'],
        countries: ['BE', 'NL'],
        permissions: { isShareable: true, isAnnotatable: false },
        expiresAt: '2028-12-31T23:59:59Z',
      },
    },
  };
}
