import { fileAt, type Deliveries } from './arbitrary-deliveries.ts';

const upsert = (name: string, metadata: Record<string, unknown> = {}) => ({
  type: 'asset.upsert',
  data: { file: fileAt(name), metadata },
});
const change = (data: Record<string, unknown>) => ({ type: 'asset.metadata', data });
const becomes = (type: string) => ({ type: `asset.${type}`, data: {} });
const oneByOne = (
  arrivals: readonly number[],
  events: readonly { readonly type: string; readonly data: Record<string, unknown> }[],
): Deliveries => ({
  events: events.map((event, minute) => ({ ...event, minute })),
  bursts: arrivals.map((index) => [index]),
});

/** Orders in which what Showpad holds already has to be taken back or put right, by what makes them hard. */
export const hardestOrders: Readonly<Record<string, Deliveries>> = {
  'the same list of tags again, after a tag was added beside it': oneByOne(
    [0, 1, 2],
    [
      upsert('one.pdf', { tags: ['red'] }),
      change({ tags: { add: ['blue'] } }),
      change({ metadata: { tags: ['red'] } }),
    ],
  ),
  'a list of tags that comes after what was added to it': oneByOne(
    [0, 2, 1],
    [upsert('one.pdf'), change({ metadata: { tags: ['red'] } }), change({ tags: { add: ['blue'] } })],
  ),
  'content that comes back': oneByOne(
    [0, 2, 1, 3],
    [upsert('one.pdf'), upsert('two.pdf'), upsert('one.pdf'), upsert('two.pdf')],
  ),
  'an older file that comes late, and after which the asset should be named': oneByOne(
    [1, 0],
    [upsert('one.pdf'), upsert('two.pdf')],
  ),
  'an older delete that comes late, after which the oldest file gives no name': oneByOne(
    [1, 2, 0],
    [becomes('delete'), upsert('one.pdf'), upsert('two.pdf')],
  ),
  'content that comes after the archive that followed it': oneByOne(
    [2, 0, 1],
    [upsert('one.pdf'), change({ metadata: { description: 'text' } }), becomes('archive')],
  ),
  'a permanent delete that comes after the upsert that followed it': oneByOne(
    [0, 2, 1],
    [upsert('one.pdf', { description: 'text' }), becomes('delete'), upsert('two.pdf')],
  ),
  'a permanent delete that comes after the restore that followed it': oneByOne(
    [0, 2, 1],
    [upsert('one.pdf'), becomes('delete'), becomes('restore')],
  ),
  'a permanent delete that comes after everything that followed it': oneByOne(
    [2, 3, 1, 0],
    [
      upsert('one.pdf', { tags: ['red'] }),
      becomes('delete'),
      upsert('one.pdf'),
      change({ tags: { add: ['blue'] } }),
    ],
  ),
};
