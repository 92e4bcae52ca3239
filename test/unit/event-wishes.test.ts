import { describe, expect, it } from 'vitest';
import { desiredName, emptyDesiredState, mergeWishes, type DesiredState } from '../../lib/desired-state.ts';
import { laid, type Laid } from './arbitrary-events.ts';

const file = (name: string) => ({ file: { url: `https://cdn.example.com/${name}`, name } });
const lay = (events: readonly Laid[]): DesiredState =>
  events.reduce((state, { order, wishes }) => mergeWishes(state, order, wishes), emptyDesiredState);

describe('the name of a URL asset', () => {
  it.each([
    [{}, 'example.com.url'],
    [{ metadata: { name: 'Portal' } }, 'Portal.url'],
    [{ metadata: { name: 'Portal.URL' } }, 'Portal.URL'],
  ])('ends as Showpad wants it, with %j', (more, name) => {
    const link = laid('link', 1, 'asset.upsert', { url: 'https://example.com/a.pdf', ...more });
    expect(desiredName(lay([link]))).toBe(name);
  });
});

const paths = (event: Laid) => event.wishes.map(({ path }) => path);

describe('the wishes of an event', () => {
  it('are the fields it names and no other', () => {
    expect(paths(laid('a', 1, 'asset.metadata', { metadata: { name: 'n', expiresAt: null } }))).toEqual([
      'fields.name',
      'fields.expiresAt',
    ]);
    expect(paths(laid('a', 1, 'asset.upsert', file('a.pdf')))).toEqual(['content', 'lifecycle']);
  });

  it('hold each right of the permissions on its own', () => {
    const first = laid('a', 1, 'asset.metadata', { metadata: { permissions: { isShareable: true } } });
    const second = laid('b', 2, 'asset.metadata', { metadata: { permissions: { isEditable: false } } });
    expect(paths(first)).toEqual(['fields.permissions.isShareable']);
    expect(Object.keys(lay([first, second]).fields)).toHaveLength(2);
  });

  it('speak of one tag however it is written by name, and of another by id', () => {
    const tags = { add: ['red', { name: 'green', category: 'colours' }, { id: 'red' }] };
    expect(paths(laid('a', 1, 'asset.metadata', { tags }))).toEqual([
      'tags.name:red',
      'tags.name:green',
      'tags.id:red',
    ]);
  });

  it('of a tag event are the tag as such, to be there or not to be', () => {
    const division = { name: 'Sales' };
    expect(laid('a', 1, 'tag.upsert', { name: 'red', division }).wishes).toEqual([
      { path: 'tag', value: { name: 'red', division, isWanted: true } },
    ]);
    expect(laid('a', 1, 'tag.delete', { name: 'red' }).wishes).toEqual([
      { path: 'tag', value: { name: 'red', isWanted: false } },
    ]);
  });

  it('are none for an event of a type nobody knows', () => {
    expect(laid('a', 1, 'something.else', { metadata: { name: 'n' } }).wishes).toEqual([]);
  });

  it('keep names that objects have a use for as plain names', () => {
    const state = lay([laid('a', 1, 'asset.metadata', { tags: { add: ['__proto__', 'constructor'] } })]);
    expect(Object.keys(state.tagChanges)).toEqual(['name:__proto__', 'name:constructor']);
    expect(Object.getPrototypeOf(state.tagChanges)).toBe(Object.prototype);
  });
});
