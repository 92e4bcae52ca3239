import type { AwsEndpoints } from './aws.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** A profile of this machine would win over the keys below. */
const machineKeys = ['AWS_PROFILE', 'AWS_DEFAULT_PROFILE', 'AWS_ROLE_ARN', 'AWS_WEB_IDENTITY_TOKEN_FILE'];

/** Addresses of AWS services that the caller's environment names, in the SDK's own variables. */
export function givenEndpoints(environment: Environment): Partial<AwsEndpoints> {
  const variables = {
    s3: 'AWS_ENDPOINT_URL_S3',
    sqs: 'AWS_ENDPOINT_URL_SQS',
    dynamodb: 'AWS_ENDPOINT_URL_DYNAMODB',
    secretsManager: 'AWS_ENDPOINT_URL_SECRETS_MANAGER',
    sns: 'AWS_ENDPOINT_URL_SNS',
  };
  return Object.fromEntries(
    Object.entries(variables).flatMap(([service, variable]) => {
      const url = environment[variable];
      return url === undefined || url === '' ? [] : [[service, url]];
    }),
  );
}

/** The machine's own region counts only where AWS is not embedded. */
export function stackRegion(own: Environment): string {
  const usesOthers = Object.keys(givenEndpoints(own)).length > 0;
  return (usesOthers ? own['AWS_REGION'] : undefined) ?? 'eu-west-1';
}

/** What the Lambda runtime and the SDK find in their environment; keys only count where AWS is not embedded. */
export function lambdaEnvironment(
  region: string,
  endpoints: AwsEndpoints,
  own: Environment,
): Record<string, string> {
  const usesOthers = Object.keys(givenEndpoints(own)).length > 0;
  const sessionToken = usesOthers ? own['AWS_SESSION_TOKEN'] : undefined;
  return {
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_ACCESS_KEY_ID: (usesOthers ? own['AWS_ACCESS_KEY_ID'] : undefined) ?? 'local',
    AWS_SECRET_ACCESS_KEY: (usesOthers ? own['AWS_SECRET_ACCESS_KEY'] : undefined) ?? 'local',
    ...(sessionToken === undefined ? {} : { AWS_SESSION_TOKEN: sessionToken }),
    AWS_ENDPOINT_URL_S3: endpoints.s3,
    AWS_ENDPOINT_URL_SQS: endpoints.sqs,
    AWS_ENDPOINT_URL_DYNAMODB: endpoints.dynamodb,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: endpoints.secretsManager,
    AWS_ENDPOINT_URL_SNS: endpoints.sns,
    AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
    AWS_LAMBDA_FUNCTION_NAME: 'showpad-connector',
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '1024',
    AWS_LAMBDA_LOG_FORMAT: 'JSON',
    AWS_LAMBDA_LOG_LEVEL: 'DEBUG',
  };
}

/**
 * Gives this process the environment of a Lambda function, which has to happen before its code is imported.
 * @returns the way back to what was there before.
 */
export function applyEnvironment(environment: Readonly<Record<string, string>>): () => void {
  const keys = [...machineKeys, ...Object.keys(environment)];
  const before = keys.map((key) => [key, process.env[key]] as const);
  for (const key of machineKeys) delete process.env[key];
  Object.assign(process.env, environment);
  return () => {
    for (const [key, value] of before) {
      if (value === undefined) delete process.env[key];
      else process.env[key] = value;
    }
  };
}
