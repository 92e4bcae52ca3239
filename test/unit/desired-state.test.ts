import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  desiredName,
  emptyDesiredState,
  mergeWishes,
  standing,
  type DesiredState,
} from '../../lib/desired-state.ts';
import type { EventOrder } from '../../lib/event-order.ts';
import { arbitraryEvents, laid, type Laid } from './arbitrary-events.ts';

const file = (name: string) => ({ file: { url: `https://cdn.example.com/${name}`, name } });
const lay = (events: readonly Laid[], from: DesiredState = emptyDesiredState): DesiredState =>
  events.reduce((state, { order, wishes }) => mergeWishes(state, order, wishes), from);
const meaning = (state: DesiredState) => {
  const { content, lifecycle, tag, fields, tagChanges, erasedBefore } = state;
  return { content, lifecycle, tag, fields, tagChanges, erasedBefore, name: desiredName(state) };
};

const isAboutTag = (wishes: Laid['wishes']) => wishes.some(({ path }) => path === 'tag');

describe('events in any order', () => {
  it('end in the state of the right order, however they are shuffled and repeated', () => {
    const shuffled = arbitraryEvents.chain((events) =>
      fc.tuple(
        fc.constant(events),
        fc
          .tuple(fc.shuffledSubarray(events), fc.shuffledSubarray(events, { minLength: events.length }))
          .chain(([twice, all]) => {
            const deliveries = [...twice, ...all];
            return fc.shuffledSubarray(deliveries, { minLength: deliveries.length });
          }),
      ),
    );
    fc.assert(
      fc.property(shuffled, ([events, deliveries]) => {
        expect(meaning(lay(deliveries))).toEqual(meaning(lay(events)));
      }),
      { numRuns: 2000 },
    );
  });

  it('leave each place with the newest wish for it, and nothing that is older than a permanent delete', () => {
    fc.assert(
      fc.property(arbitraryEvents, (events) => {
        const state = lay(events);
        const erasedAt = events.findLastIndex(({ wishes }) =>
          wishes.some(({ value }) => value === 'deleted'),
        );
        const newest: Record<string, { order: EventOrder; value: unknown }> = {};
        for (const [index, { order, wishes }] of events.entries()) {
          if (index < erasedAt && !isAboutTag(wishes)) continue;
          const replaces = wishes.some(({ path }) => path === 'fields.tags');
          const changes = Object.keys(newest).filter((path) => path.startsWith('tags.'));
          if (replaces) for (const path of changes) delete newest[path];
          // Of two wishes for one place in one event, the first counts.
          for (const { path, value } of wishes.toReversed()) newest[path] = { order, value };
        }
        const { content, lifecycle, tag, fields, tagChanges } = state;
        const held = {
          ...(tag && { tag }),
          ...(content && { content }),
          ...(lifecycle && { lifecycle }),
          ...Object.fromEntries(Object.entries(fields).map(([name, one]) => [`fields.${name}`, one])),
          ...Object.fromEntries(Object.entries(tagChanges).map(([name, one]) => [`tags.${name}`, one])),
        };
        expect(held).toEqual(newest);
        expect(state.erasedBefore).toBe(events[erasedAt]?.order);
      }),
      { numRuns: 1000 },
    );
  });

  it('change nothing when they come again, and the state is then the same object', () => {
    fc.assert(
      fc.property(arbitraryEvents, (events) => {
        const state = lay(events);
        expect(lay(events, state)).toBe(state);
      }),
    );
  });

  it('make the generation grow by one for each event that changed something', () => {
    fc.assert(
      fc.property(arbitraryEvents, (events) => {
        let state = emptyDesiredState;
        for (const event of events) {
          const next = lay([event], state);
          expect(next.generation).toBe(next === state ? state.generation : state.generation + 1);
          state = next;
        }
      }),
    );
  });

  it('stand as current or overtaken, exactly as the state still holds what they asked for', () => {
    fc.assert(
      fc.property(arbitraryEvents, (events) => {
        const state = lay(events);
        const erased = state.erasedBefore ?? '';
        for (const [index, { order, wishes }] of events.entries()) {
          const newer = events.slice(index + 1).flatMap((event) => event.wishes);
          for (const { path } of wishes) {
            const isReplaced = newer.some((wish) => wish.path === path);
            const isErased = order < erased && path !== 'tag';
            const isListReplaced =
              path.startsWith('tags.') && newer.some((wish) => wish.path === 'fields.tags');
            const isOvertaken = isReplaced || isErased || isListReplaced;
            expect(standing(state, path, order)).toBe(isOvertaken ? 'overtaken' : 'current');
          }
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('are absent until they are laid, or overtaken for good without ever having been', () => {
    fc.assert(
      fc.property(arbitraryEvents, fc.nat(), (events, nth) => {
        const late = events[nth % events.length];
        if (late === undefined) return;
        const without = lay(events.filter((event) => event !== late));
        const whole = lay(events);
        for (const { path } of late.wishes) {
          const then = standing(whole, path, late.order);
          expect(standing(without, path, late.order)).toBe(then === 'current' ? 'absent' : 'overtaken');
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe('an older event that comes late', () => {
  it('sets what nothing newer has set, and changes nothing else', () => {
    const newer = laid('new', 2, 'asset.metadata', { metadata: { name: 'New', isSensitive: true } });
    const older = laid('old', 1, 'asset.metadata', { metadata: { name: 'Old', description: 'text' } });
    const { fields } = lay([newer, older]);
    expect(fields['name']).toEqual({ order: newer.order, value: 'New' });
    expect(fields['isSensitive']).toEqual({ order: newer.order, value: true });
    expect(fields['description']).toEqual({ order: older.order, value: 'text' });
  });

  it('does not bring back a field that a newer one has cleared', () => {
    const cleared = laid('new', 2, 'asset.metadata', { metadata: { description: null } });
    const state = lay([cleared, laid('old', 1, 'asset.metadata', { metadata: { description: 'text' } })]);
    expect(state.fields['description']).toEqual({ order: cleared.order, value: null });
  });

  it('does not bring an archived asset back, but leaves its content for a restore', () => {
    const archive = laid('archive', 2, 'asset.archive');
    const upsert = laid('upsert', 1, 'asset.upsert', file('a.pdf'));
    const state = lay([archive, upsert]);
    expect(state.lifecycle).toEqual({ order: archive.order, value: 'archived' });
    expect(state.content?.order).toBe(upsert.order);
    expect(lay([laid('restore', 3, 'asset.restore')], state).lifecycle?.value).toBe('live');
  });

  it('changes nothing after a permanent delete', () => {
    const deleted = lay([laid('delete', 2, 'asset.delete', {}, 'delete')]);
    const older = [
      laid('upsert', 1, 'asset.upsert', { ...file('a.pdf'), metadata: { name: 'Old' } }),
      laid('tags', 1, 'asset.metadata', { tags: { add: ['red'] } }),
      laid('restore', 1, 'asset.restore'),
      laid('early-delete', 1, 'asset.delete', {}, 'delete'),
    ];
    expect(lay(older, deleted)).toBe(deleted);
  });

  it('gives the asset its name when it brought the first file and no event names the asset', () => {
    const second = laid('second', 2, 'asset.upsert', file('b.pdf'));
    const first = laid('first', 1, 'asset.upsert', file('a.pdf'));
    expect(desiredName(lay([second]))).toBe('b.pdf');
    expect(desiredName(lay([second, first]))).toBe('a.pdf');
    const named = laid('named', 0, 'asset.metadata', { metadata: { name: 'Brochure' } });
    expect(desiredName(lay([second, first, named]))).toBe('Brochure');
  });
});

describe('a permanent delete', () => {
  it('forgets everything older and keeps everything newer', () => {
    const state = lay([
      laid('old', 1, 'asset.upsert', { ...file('a.pdf'), metadata: { name: 'Old', description: 'text' } }),
      laid('new', 3, 'asset.upsert', { ...file('b.pdf'), metadata: { name: 'New' } }),
      laid('delete', 2, 'asset.delete', {}, 'delete'),
    ]);
    expect(state.lifecycle?.value).toBe('live');
    expect(Object.keys(state.fields)).toEqual(['name']);
    expect(desiredName(state)).toBe('New');
  });

  it('makes the asset be named after its content from then on, whenever it comes', () => {
    const [first, second, third] = [1, 3, 4].map((at) =>
      laid(`${at}`, at, 'asset.upsert', file(`${at}.pdf`)),
    );
    const deletion = laid('delete', 2, 'asset.delete', {}, 'delete');
    const names = [
      [first, deletion, second, third],
      [third, second, first, deletion],
      [deletion, third, first, second],
      [second, first, deletion, third],
    ].map((events) => desiredName(lay(events.filter((event) => event !== undefined))));
    expect(names).toEqual(['4.pdf', '4.pdf', '4.pdf', '4.pdf']);
  });

  it('leaves no name to an asset without content, and its own to one that is named later', () => {
    const deletion = laid('delete', 2, 'asset.delete', {}, 'delete');
    const first = laid('first', 1, 'asset.upsert', file('a.pdf'));
    expect(desiredName(lay([first, deletion]))).toBeUndefined();
    expect(lay([first, deletion]).firstFileName).toBeUndefined();
    const named = laid('named', 3, 'asset.metadata', { metadata: { name: 'Brochure' } });
    expect(desiredName(lay([named, first, deletion]))).toBe('Brochure');
  });

  it('of an asset says nothing of a tag with the same subject, whichever comes first', () => {
    const deletion = laid('delete', 2, 'asset.delete', {}, 'delete');
    const red = laid('red', 1, 'tag.upsert', { name: 'red' });
    for (const events of [
      [red, deletion],
      [deletion, red],
    ]) {
      expect(lay(events).tag).toEqual({ order: red.order, value: { name: 'red', isWanted: true } });
      expect(standing(lay(events), 'tag', red.order)).toBe('current');
    }
  });

  it('is an archive unless the source is set up to delete', () => {
    expect(lay([laid('delete', 1, 'asset.delete')]).lifecycle?.value).toBe('archived');
    expect(lay([laid('delete', 1, 'asset.delete', {}, 'delete')]).lifecycle?.value).toBe('deleted');
  });
});

describe('a list of all tags', () => {
  const onlyBlue = laid('blue', 2, 'asset.metadata', { metadata: { tags: ['blue'] } });
  const addRed = laid('red', 1, 'asset.metadata', { tags: { add: ['red'] } });
  const addGreen = laid('green', 3, 'asset.metadata', { tags: { add: ['green'] } });

  it('drops the older changes of single tags, whenever they come, and keeps the newer ones', () => {
    for (const events of [
      [addRed, onlyBlue, addGreen],
      [addGreen, onlyBlue, addRed],
      [onlyBlue, addRed, addGreen],
    ]) {
      const state = lay(events);
      expect(Object.keys(state.tagChanges)).toEqual(['name:green']);
      expect(standing(state, 'tags.name:red', addRed.order)).toBe('overtaken');
      expect(standing(state, 'tags.name:green', addGreen.order)).toBe('current');
    }
  });

  it('goes together with changes of single tags in the same event', () => {
    const both = laid('both', 4, 'asset.metadata', { metadata: { tags: ['blue'] }, tags: { add: ['red'] } });
    const state = lay([addGreen, both, both]);
    expect(Object.keys(state.tagChanges)).toEqual(['name:red']);
    expect(state.fields['tags']?.value).toEqual(['blue']);
    for (const { path } of both.wishes) expect(standing(state, path, both.order)).toBe('current');
  });
});
