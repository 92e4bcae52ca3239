import { fileURLToPath } from 'node:url';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll } from 'vitest';
import { awsClients } from '../../local/aws-clients.ts';
import { startAws } from '../../local/aws.ts';
import { lambdaEnvironment } from '../../local/lambda-environment.ts';
import { createResources } from '../../local/resources.ts';
import { readTemplate } from '../../local/template.ts';

export interface EmbeddedTable {
  readonly database: DynamoDBDocumentClient;
  readonly tableName: string;
  /** What the functions find in their environment to reach it. */
  readonly environment: Readonly<Record<string, string>>;
}

/** The table of template.yaml on embedded AWS, for all tests of a file; what they write needs keys of its own. */
export function useEmbeddedTable(): () => EmbeddedTable {
  let table: EmbeddedTable | undefined;
  let stop: () => Promise<void>;
  beforeAll(async () => {
    const region = 'eu-west-1';
    const aws = await startAws(region);
    const environment = lambdaEnvironment(region, aws.endpoints, {});
    const clients = awsClients(aws.endpoints, environment);
    stop = async () => {
      clients.destroy();
      await aws.close();
    };
    const parameters = {
      ShowpadV4Url: 'https://acme.api.showpad.com/v4',
      ShowpadV3Url: 'https://acme.showpad.biz/api/v3',
      ShowpadSecretArn: 'arn:aws:secretsmanager:eu-west-1:000000000000:secret:showpad',
      SourcesSecretArn: 'arn:aws:secretsmanager:eu-west-1:000000000000:secret:sources',
    };
    const templateFile = fileURLToPath(new URL('../../template.yaml', import.meta.url));
    const { tables } = await createResources(readTemplate(templateFile, parameters, region), clients);
    const [tableName] = Object.values(tables);
    if (tableName === undefined) throw new Error('The template has no table.');
    const database = DynamoDBDocumentClient.from(clients.dynamodb, {
      marshallOptions: { removeUndefinedValues: true },
    });
    table = { database, tableName, environment };
  });
  afterAll(async () => {
    await stop();
  });
  return () => {
    if (table === undefined) throw new Error('The table is there only while tests run.');
    return table;
  };
}
