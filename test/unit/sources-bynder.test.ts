import { describe, expect, it } from 'vitest';
import { parseSources } from '../../lib/sources/source-list.ts';
import { mediaId, notification } from '../fixtures/vendors/bynder.ts';
import { deliveryOf, eventsOf, faultsOf, sourceOf, translate, verify } from './vendor-source.ts';

const settings = {
  adapter: 'bynder',
  topicArn: 'arn:aws:sns:eu-west-1:123456789012:bynder-portal',
  portal: 'https://acme.bynder.com',
};
const source = sourceOf(settings);

describe("Bynder's notifications", () => {
  it.each(['create', 'updated', 'meta_updated'])(
    'media.%s has the file and its details asked for a little later',
    (what) => {
      expect(eventsOf(source, notification(`asset_bank.media.${what}`))).toMatchObject([
        {
          id: '22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324',
          subject: mediaId,
          time: '2026-05-02T00:54:06.655000000Z',
          type: 'asset.upsert',
          data: {
            requested: {
              request: `https://acme.bynder.com/api/v4/media/${mediaId}/download/`,
              link: 's3_file',
              notBefore: '2026-05-02T00:54:11.655Z',
              details: {
                request: `https://acme.bynder.com/api/v4/media/${mediaId}/`,
                mapping: { metadata: { tags: { path: ['tags'] } } },
              },
            },
          },
        },
      ]);
    },
  );

  it.each([
    ['archived', 'asset.archive'],
    ['deleted', 'asset.delete'],
  ])('media.%s', (what, type) => {
    expect(eventsOf(source, notification(`asset_bank.media.${what}`))).toMatchObject([
      { subject: mediaId, type },
    ]);
  });

  it('an archive stands after the change of metadata that comes with it, whichever comes first', () => {
    const [archive, change] = ['archived', 'meta_updated'].map((what) => {
      const later = {
        Timestamp: what === 'archived' ? '2026-05-02T00:54:06.655Z' : '2026-05-02T00:54:07.100Z',
      };
      const translation = translate(source, notification(`asset_bank.media.${what}`, undefined, later));
      return translation.kind === 'events' ? translation.events[0]?.order : undefined;
    });
    expect(String(archive) > String(change)).toBe(true);
  });

  it.each([
    ['what is about to be archived', notification('asset_bank.media.pre_archived'), mediaId],
    ['jobs', notification('workflow.job.create', { job_id: '1' }), 'workflow.job.create'],
  ])('ignores %s', (_what, body, subject) => {
    expect(eventsOf(source, body)).toMatchObject([{ type: 'ignored', ignoredType: body.Subject, subject }]);
  });

  it.each<[string, unknown, string[]]>([
    [
      'no envelope',
      { media_id: mediaId },
      [
        'Type must be "Notification"',
        'MessageId is missing',
        'Subject is missing',
        'Message is missing',
        'Timestamp is missing',
      ],
    ],
    ['no media', notification('asset_bank.media.create', {}), ['Message.media_id is missing']],
    ['no JSON in it', notification('asset_bank.media.create', 'hi'), ['Message is missing']],
    [
      'a media that leads elsewhere',
      notification('asset_bank.media.create', { media_id: '../users' }),
      ['Message.media_id must be the id of a media'],
    ],
  ])('cannot be read with %s', (_what, body, faults) => {
    expect(faultsOf(source, body).slice(0, 5)).toEqual(faults);
  });

  it('are not believed over plain HTTP, whatever they say of themselves', () => {
    expect(verify(source, deliveryOf(notification('asset_bank.media.deleted')))).toMatch(
      /subscribe this address to its SNS topic/,
    );
  });

  it.each([
    ['a portal with a path', { portal: 'https://acme.bynder.com/x' }, 'must be an origin'],
    ['no topic', { topicArn: 'arn:aws:sqs:eu-west-1:123456789012:x' }, 'must be the ARN of an SNS topic'],
    ['a secret', { secrets: ['x'] }, 'must be left out'],
  ])('cannot be set up with %s', (_what, more, message) => {
    expect(() => parseSources(JSON.stringify({ dam: { ...settings, ...more } }))).toThrow(message);
  });
});
