import { fileURLToPath } from 'node:url';
import type { AwsEndpoints } from '../local/aws.ts';
import { sharedEnvironment } from '../local/functions.ts';
import { lambdaEnvironment } from '../local/lambda-environment.ts';
import { readTemplate } from '../local/template.ts';

const region = 'eu-west-1';
const nowhere = 'http://127.0.0.1:9';
const templateFile = fileURLToPath(new URL('../template.yaml', import.meta.url));

/** The environment that template.yaml gives the functions, in an account where only the given services are there. */
export function functionEnvironment(services: Partial<AwsEndpoints>): Record<string, string> {
  const parameters = {
    AllowPrivateSources: 'true',
    ShowpadV4Url: nowhere,
    ShowpadV3Url: nowhere,
    ShowpadSecretArn: `arn:aws:secretsmanager:${region}:000000000000:secret:showpad`,
    SourcesSecretArn: `arn:aws:secretsmanager:${region}:000000000000:secret:sources`,
  };
  const resources = readTemplate(templateFile, parameters, region).describe({
    reference: (logicalId) => logicalId.toLowerCase(),
    attribute: (logicalId, attribute) => `arn:aws:local:${region}:000000000000:${logicalId}:${attribute}`,
  });
  const endpoints = {
    s3: nowhere,
    sqs: nowhere,
    dynamodb: nowhere,
    secretsManager: nowhere,
    sns: nowhere,
    events: nowhere,
    ...services,
  };
  return { ...lambdaEnvironment(region, endpoints, {}), ...sharedEnvironment(resources) };
}
