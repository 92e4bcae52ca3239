import { describe, expect, it } from 'vitest';
import { configSchema, parseConfig } from '../../lib/config.ts';

const usable = {
  TABLE_NAME: 'table',
  STAGING_BUCKET: 'bucket',
  INBOX_BUCKET: 'inbox',
  STAGE_QUEUE_URL: 'https://sqs.eu-west-1.amazonaws.com/1/stage',
  UPLOAD_QUEUE_URL: 'https://sqs.eu-west-1.amazonaws.com/1/upload',
  METADATA_QUEUE_URL: 'https://sqs.eu-west-1.amazonaws.com/1/metadata',
  POLL_QUEUE_URL: 'https://sqs.eu-west-1.amazonaws.com/1/poll',
  PERSONAL_UPLOAD_QUEUE_URL: 'https://sqs.eu-west-1.amazonaws.com/1/personal-upload',
  MANIFEST_QUEUE_URL: 'https://sqs.eu-west-1.amazonaws.com/1/manifest',
  EVENTS_QUEUE_URL: 'https://sqs.eu-west-1.amazonaws.com/1/events',
  INBOX_QUEUE_URL: 'https://sqs.eu-west-1.amazonaws.com/1/inbox',
  OUTCOME_QUEUE_URL: 'https://sqs.eu-west-1.amazonaws.com/1/outcome',
  OUTCOME_TOPIC_ARN: 'arn:aws:sns:eu-west-1:000000000000:outcome',
  ENVIRONMENT_NAME: 'test',
  SHOWPAD_REQUESTS_PER_SECOND: '50',
  SHOWPAD_LEAST_REQUESTS_PER_SECOND: '1',
  BUDGET_RESERVE_PERCENT: '10',
  SOURCES_SECRET_ARN: 'arn:aws:secretsmanager:eu-west-1:1:secret:sources',
  SOURCE_CREDENTIALS_SECRET_ARN: '',
  SHOWPAD_SECRET_ARN: 'arn:aws:secretsmanager:eu-west-1:1:secret:showpad',
  SHOWPAD_V4_URL: 'https://acme.api.showpad.com/v4/',
  SHOWPAD_V3_URL: 'https://acme.showpad.biz/api/v3',
  PROCESSING_POLL_SECONDS: '30',
  TICKET_POLL_SECONDS: '30',
  PROCESSING_DEADLINE_SECONDS: '86400',
  SETTLE_SECONDS: '120',
  SOURCE_DEADLINE_SECONDS: '3600',
  MAX_FILE_BYTES: '5368709120',
  ALLOW_PRIVATE_SOURCES: 'false',
  DELIVERY: 'running',
};

function messageOf(environment: Record<string, string | undefined>): string {
  try {
    parseConfig(environment);
  } catch (error) {
    return error instanceof Error ? error.message : '';
  }
  throw new Error('The environment was taken.');
}

describe('the environment', () => {
  it('gives numbers, flags and base URLs without a slash at the end', () => {
    expect(parseConfig({ ...usable, HOME: '/root', ALLOW_PRIVATE_SOURCES: 'true' })).toEqual({
      ...usable,
      SHOWPAD_V4_URL: 'https://acme.api.showpad.com/v4',
      PROCESSING_POLL_SECONDS: 30,
      TICKET_POLL_SECONDS: 30,
      SHOWPAD_REQUESTS_PER_SECOND: 50,
      SHOWPAD_LEAST_REQUESTS_PER_SECOND: 1,
      BUDGET_RESERVE_PERCENT: 10,
      PROCESSING_DEADLINE_SECONDS: 86_400,
      SETTLE_SECONDS: 120,
      SOURCE_DEADLINE_SECONDS: 3600,
      MAX_FILE_BYTES: 5_368_709_120,
      ALLOW_PRIVATE_SOURCES: true,
    });
  });

  it('is refused with every key that is missing', () => {
    const message = messageOf({});
    for (const key of Object.keys(configSchema.shape)) expect(message).toContain(`${key}: is missing`);
  });

  it.each([
    ['TABLE_NAME', ''],
    ['STAGING_BUCKET', ''],
    ['SHOWPAD_V4_URL', 'ftp://hunter2.example.com'],
    ['SHOWPAD_V3_URL', 'hunter2'],
    ['PROCESSING_POLL_SECONDS', '0'],
    ['PROCESSING_POLL_SECONDS', '901'],
    ['TICKET_POLL_SECONDS', '30 '],
    ['TICKET_POLL_SECONDS', ''],
    ['PROCESSING_DEADLINE_SECONDS', '1e3'],
    ['SETTLE_SECONDS', '-1'],
    ['SETTLE_SECONDS', '1.5'],
    ['SETTLE_SECONDS', '99999999999999999999999'],
    ['SOURCE_DEADLINE_SECONDS', 'hunter2'],
    ['MAX_FILE_BYTES', '5368709121'],
    ['MAX_FILE_BYTES', '0'],
    ['ALLOW_PRIVATE_SOURCES', 'TRUE'],
    ['ALLOW_PRIVATE_SOURCES', 'hunter2'],
    ['DELIVERY', 'off'],
  ])('is refused when %s is “%s”', (key, value) => {
    expect(messageOf({ ...usable, [key]: value })).toMatch(
      new RegExp(`^The environment is not usable\\. ${key}: [^;]+\\.$`),
    );
  });

  it('is refused with all its bad keys at once and none of its values', () => {
    const bad = Object.fromEntries(
      Object.entries(usable).map(([key, value]) => [
        key,
        /_(SECONDS|BYTES|V4_URL|V3_URL|SOURCES)$/.test(key) ? 'hunter2' : value,
      ]),
    );
    const message = messageOf(bad);
    const named = Object.keys(bad).filter((key) => message.includes(`${key}: `));
    expect(named).toEqual(Object.keys(bad).filter((key) => bad[key] === 'hunter2'));
    expect(named).toHaveLength(9);
    expect(message).not.toContain('hunter2');
  });
});
