import {
  nothingApplied,
  type AppliedFile,
  type AppliedState,
  type Asset,
  type StagedFile,
} from '../../lib/asset-state.ts';
import { emptyDesiredState, mergeWishes } from '../../lib/desired-state.ts';
import type { EventOrder } from '../../lib/event-order.ts';
import type { Job } from '../../lib/jobs.ts';
import { laid, type Laid } from './arbitrary-events.ts';

export function assetOf(
  events: readonly Laid[],
  applied: Partial<AppliedState> = {},
  staged?: StagedFile,
): Asset {
  return {
    key: 'demo:s',
    source: 'demo',
    subject: 's',
    desired: events.reduce(
      (state, { order, wishes }) => mergeWishes(state, order, wishes),
      emptyDesiredState,
    ),
    applied: { ...nothingApplied, ...applied },
    ...(staged !== undefined && { staged }),
  };
}

export function jobOf({ order, wishes }: Laid): Job {
  return {
    id: 'job_1',
    eventId: 'event-1',
    source: 'demo',
    subject: 's',
    key: 'demo:s',
    type: 'asset.upsert',
    state: 'received',
    order,
    wishes: wishes.map(({ path }) => path),
    defaults: {},
    attempts: 0,
    error: null,
    showpad: {},
    createdAt: '2026-01-01T00:00:00.000Z',
    updatedAt: '2026-01-01T00:00:00.000Z',
  };
}

export const file = { url: 'https://cdn.example.com/a.pdf', name: 'a.pdf' };
export const bytes = { md5: 'a'.repeat(32), size: 10 };
export const otherBytes = { md5: 'b'.repeat(32), size: 10 };
export const order = (event: Pick<Laid, 'order'>): EventOrder => event.order;
export const staged = (event: Laid, content = bytes): StagedFile => ({
  ...content,
  order: order(event),
  objectKey: 'staged/1',
});
export const sent = (event: Laid, state: AppliedFile['state'], content = bytes): AppliedFile => ({
  ...content,
  order: order(event),
  fileId: 'file-1',
  state,
  since: '2026-01-01T00:00:00.000Z',
});
export const usable = (content = bytes) => ({ ...content, fileId: 'file-0' });
export const known = { assetId: 'asset-1', lifecycle: 'live' } as const;
export const earlier = laid('earlier', 1, 'asset.upsert', { file });
export const refusal = (event: Pick<Laid, 'order'>) =>
  ({ order: order(event), code: 'TAG_AMBIGUOUS', message: 'Two of them' }) as const;
