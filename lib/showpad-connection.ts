import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { Config } from './config.ts';
import { CredentialsSecret } from './credentials-secret.ts';
import { currentWork } from './current-work.ts';
import { createDispatcher } from './guarded-connector.ts';
import { Items } from './items.ts';
import { itemRetentionSeconds, SharedToken } from './shared-token.ts';
import type { ShowpadTelemetry } from './showpad-telemetry.ts';
import { ShowpadToken } from './showpad-token.ts';
import { ShowpadClient, type ShowpadClientOptions } from './showpad/client.ts';
import { TokenEndpoint } from './showpad/oauth.ts';
import type { Pacer } from './showpad/pacer.ts';
import { TokenStore } from './stored-token.ts';

/**
 * A client of the configured organisation, with the credentials of its secret, which are read when needed.
 * @param database with the table in which the containers share their access token
 */
export function connectShowpad(
  config: Config,
  readSecret: () => Promise<string>,
  database: DynamoDBDocumentClient,
  telemetry: ShowpadTelemetry,
  pacer: Pacer,
): ShowpadClient {
  const onResponse: NonNullable<ShowpadClientOptions['onResponse']> = ({
    api,
    operation,
    status,
    durationMs,
  }) => {
    telemetry.showpadAnswered(api, operation, status, durationMs);
  };
  const endpoint = new TokenEndpoint({
    v3Url: config.SHOWPAD_V3_URL,
    withDispatcher: (task) => client.withSockets(task),
    onResponse: (response) => {
      onResponse({ api: 'v3', ...response });
    },
  });
  const items = new Items(database, config.TABLE_NAME, itemRetentionSeconds, () => new Date());
  const secret = new CredentialsSecret(readSecret);
  const token = new ShowpadToken({
    readCredentials: () => secret.get(),
    share: (credentials) =>
      new SharedToken({
        store: new TokenStore(items, credentials, config.SHOWPAD_V3_URL),
        credentials,
        ask: (grant, mayStillSend) => endpoint.ask(grant, mayStillSend),
        requestTimeoutMs: endpoint.timeoutMs,
        onRenewed: () => telemetry.tokenRenewed(),
        onRefused: (why) => telemetry.tokenRefused(why),
      }),
  });
  const client = new ShowpadClient({
    v4Url: config.SHOWPAD_V4_URL,
    v3Url: config.SHOWPAD_V3_URL,
    token,
    createDispatcher: () => createDispatcher({ allowPrivateAddresses: config.ALLOW_PRIVATE_SOURCES }),
    allowPrivateAddresses: config.ALLOW_PRIVATE_SOURCES,
    pacer,
    signal: () => currentWork().signal,
    beforeWrite: () => {
      currentWork().assertMayWrite();
    },
    onResponse,
    onTokenRefused: (operation) => telemetry.tokenRefused(`${operation} was answered with 401 twice`),
  });
  return client;
}
