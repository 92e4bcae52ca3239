import {
  changed,
  change,
  events,
  makeAsset,
  metadataEvent,
  shown,
  upsert,
  type Chain,
  type Flow,
} from './flows.ts';

const link = 'https://www.example.com/';

const upsertFlow: Flow = {
  name: 'an upsert with a file',
  tell: events((subject, rig) => upsert(1, subject, rig)),
  expected: (subject) => shown(1, subject),
};

export const chains: readonly [Chain, Chain, ...Chain[]] = [
  {
    name: 'kept',
    source: 'demo',
    flows: [
      upsertFlow,
      {
        name: 'an upsert with a new version',
        tell: events((subject, rig) => upsert(2, subject, rig)),
        expected: (subject) => shown(2, subject),
      },
      {
        name: 'metadata and tags',
        tell: events((subject) => metadataEvent(3, subject)),
        expected: (subject) => changed(subject),
      },
      {
        name: 'an archive',
        tell: events(() => change('asset.archive', 4)),
        expected: (subject) => ({ ...changed(subject), isArchived: true }),
      },
      {
        name: 'a restore',
        tell: events(() => change('asset.restore', 5)),
        expected: (subject) => changed(subject),
      },
    ],
  },
  {
    name: 'deleted',
    source: 'purge',
    flows: [
      {
        name: 'an upsert with a link',
        tell: events(() => change('asset.upsert', 1, { url: link, metadata: { description: 'a link' } })),
        expected: () => ({ md5: null, url: link, description: 'a link', isArchived: false, tags: [] }),
      },
      {
        name: 'a permanent delete',
        tell: events(() => change('asset.delete', 2)),
        expected: () => null,
      },
      {
        name: 'a new asset after a permanent delete',
        tell: events((subject, rig) => upsert(3, subject, rig)),
        expected: (subject) => shown(3, subject),
      },
    ],
  },
  {
    name: 'early',
    source: 'demo',
    flows: [
      {
        name: 'metadata before its asset',
        tell: events(
          (subject) => metadataEvent(3, subject),
          (subject, rig) => upsert(2, subject, rig),
        ),
        expected: (subject) => changed(subject),
      },
      {
        name: 'a new version that cannot be processed',
        tell: events((subject, rig) => upsert(4, subject, rig, 'nothing of a PDF')),
        reason: 'PROCESSING_FAILED',
        expected: (subject) => ({ ...shown(2, subject), description: `${subject} of minute 4` }),
      },
    ],
  },
  {
    name: 'adopted',
    source: 'demo',
    flows: [
      {
        ...upsertFlow,
        name: 'the adoption of an asset',
        before: ({ externalId }, rig) => makeAsset(externalId, rig),
      },
      {
        name: 'another try of a failed job',
        before: async (run, rig) => {
          const event = { ...upsert(6, run.subject, rig), id: `${run.subject}-6` };
          rig.connector.serve(`${run.subject}-6.pdf`, (_request, response) => response.writeHead(410).end());
          await rig.send(run, event);
        },
        tell: (run, rig) => {
          upsert(6, run.subject, rig);
          return rig.retry(run, `${run.subject}-6`);
        },
        expected: (subject) => shown(6, subject),
      },
    ],
  },
  {
    name: 'only a tag',
    source: 'demo',
    flows: [
      {
        name: 'a tag that is wanted',
        tell: events((subject) => change('tag.upsert', 1, { name: `Tag of ${subject}` })),
        expected: () => null,
        others: tagsAreThere(1),
      },
      {
        name: 'a tag that is not wanted any more',
        tell: events((subject) => change('tag.delete', 2, { name: `Tag of ${subject}` })),
        expected: () => null,
        others: tagsAreThere(0),
      },
    ],
  },
];

function tagsAreThere(count: number): NonNullable<Flow['others']> {
  return (subject, { showpad }) => {
    const found = showpad.tags.filter(({ name }) => name === `Tag of ${subject}`).length;
    return found === count ? [] : [`the tag is there ${found} times, not ${count}`];
  };
}
