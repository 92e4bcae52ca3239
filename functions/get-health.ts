// GET /health → 200.
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';

export const handler = (): Promise<APIGatewayProxyStructuredResultV2> =>
  Promise.resolve({
    statusCode: 200,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ status: 'ok' }),
  });
