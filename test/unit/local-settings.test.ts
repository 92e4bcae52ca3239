import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readableLine } from '../../local/log-line.ts';
import { parseSettings, v3UrlOf } from '../../local/settings.ts';

const wrongSettings = {
  PORT: '70000',
  SHOWPAD_V3_URL: 'geheim',
  SHOWPAD_TOKEN: 'geheim',
  SHOWPAD_CREDENTIALS: '{"user":"geheim"}',
  SOURCES: '{"demo":{"secrets":[]}}',
  SOURCE_CREDENTIALS: '{"demo":{"key":"geheim"}}',
  SETTLE_SECONDS: 'geheim',
  ALLOW_PRIVATE_SOURCES: 'geheim',
};

describe('the settings of the local stack', () => {
  it('may all be left out', () => {
    expect(parseSettings({ PATH: '/bin', SHOWPAD_TOKEN: '' })).toEqual({
      port: 3000,
      parameters: { PollGatherSeconds: '0' },
    });
  });

  it('become template parameters, sources and the Showpad to use', () => {
    const settings = parseSettings({
      PORT: '0',
      SHOWPAD_V4_URL: 'https://acme.api.showpad.com/v4/',
      SHOWPAD_CREDENTIALS: '{"grant":"refresh_token","clientId":"c","clientSecret":"s","refreshToken":"r"}',
      SOURCES: '{"dam":{"adapter":"cloudevents","secrets":["whsec_YQ=="],"onDelete":"delete"}}',
      SOURCE_CREDENTIALS: '{"dam":{"token":"t"}}',
      SHOWPAD_REQUESTS_PER_SECOND: '20',
      SHOWPAD_LEAST_REQUESTS_PER_SECOND: '2',
      TICKET_POLL_SECONDS: '1',
      MAX_FILE_BYTES: '1000',
      ALLOW_PRIVATE_SOURCES: 'false',
      DELIVERY: 'paused',
    });
    expect(settings).toEqual({
      port: 0,
      parameters: {
        ShowpadRequestsPerSecond: '20',
        ShowpadLeastRequestsPerSecond: '2',
        TicketPollSeconds: '1',
        PollGatherSeconds: '0',
        MaxFileBytes: '1000',
        AllowPrivateSources: 'false',
        Delivery: 'paused',
      },
      showpad: {
        v4Url: 'https://acme.api.showpad.com/v4',
        v3Url: 'https://acme.showpad.biz/api/v3',
        credentials: { grant: 'refresh_token', clientId: 'c', clientSecret: 's', refreshToken: 'r' },
      },
      sources: { dam: { adapter: 'cloudevents', secrets: ['whsec_YQ=='], onDelete: 'delete' } },
      sourceCredentials: { dam: { token: 't' } },
    });
  });

  it('that are wrong are all named at once, without their values', () => {
    for (const fault of [
      'PORT must be at most 65535',
      'SHOWPAD_V3_URL must be an http or https URL',
      'SHOWPAD_CREDENTIALS must be {"token"}',
      'SHOWPAD_TOKEN and SHOWPAD_CREDENTIALS are two ways',
      'SHOWPAD_V4_URL is missing',
      'SOURCES.demo.secrets',
      'SOURCE_CREDENTIALS.demo must be {"token"}',
      'SETTLE_SECONDS must be a whole number',
      'ALLOW_PRIVATE_SOURCES must be true or false',
    ]) {
      expect(() => parseSettings(wrongSettings)).toThrow(fault);
    }
    expect(() => parseSettings(wrongSettings)).not.toThrow('geheim');
  });

  it('name a folder for the state from where the person stands, whom npm start tells of', () => {
    const folderOf = (environment: Record<string, string>) => parseSettings(environment).stateDirectory;
    expect(folderOf({ STATE_DIR: '/var/state' })).toBe('/var/state');
    expect(folderOf({ STATE_DIR: 'state', INIT_CWD: '/elsewhere' })).toBe(resolve('state'));
    const npmStart = { npm_lifecycle_event: 'start', INIT_CWD: '/home/jo/work' };
    expect(folderOf({ STATE_DIR: '../state', ...npmStart })).toBe('/home/jo/state');
    expect(folderOf({ STATE_DIR: '' })).toBeUndefined();
  });

  it('need credentials for a Showpad of your own', () => {
    expect(() => parseSettings({ SHOWPAD_V4_URL: 'http://127.0.0.1:9/v4' })).toThrow(
      'SHOWPAD_TOKEN or SHOWPAD_CREDENTIALS is needed',
    );
  });
});

it.each([
  ['https://acme.api.showpad.com/v4', 'https://acme.showpad.biz/api/v3'],
  ['http://127.0.0.1:4000/v4', 'http://127.0.0.1:4000/api/v3'],
  ['https://double.example.com/showpad/v4', 'https://double.example.com/api/v3'],
])('beside %s, API v3 is taken to be %s', (v4Url, v3Url) => {
  expect(v3UrlOf(v4Url)).toBe(v3Url);
});

describe('a line of the log', () => {
  it('becomes readable: time, level, message, then what it is about', () => {
    const line = JSON.stringify({
      level: 'INFO',
      message: 'file staged',
      timestamp: '2026-11-23T16:56:50.628Z',
      service: 'showpad-connector',
      function_request_id: 'ef01',
      job: 'job_1',
      name: 'Price list.pdf',
      bytes: 300_009,
      error: { name: 'Error', message: 'no file', stack: 'Error: no file\n  at …' },
      counts: { files: 1 },
      none: null,
    });
    expect(readableLine(line)).toBe(
      '16:56:50.628 INFO  file staged job=job_1 name="Price list.pdf" bytes=300009 error="Error: no file" counts={"files":1}',
    );
  });

  it('is left out when it carries metrics', () => {
    expect(readableLine('{"_aws":{},"EventsAccepted":1}')).toBeUndefined();
  });

  it.each(['plain text', '{broken', '{"some":"json"}'])('stays as it is when it is %s', (line) => {
    expect(readableLine(line)).toBe(line);
  });
});
