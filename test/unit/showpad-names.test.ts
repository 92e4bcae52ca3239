import { describe, expect, it } from 'vitest';
import { JobFailure, type ReasonCode } from '../../lib/reasons.ts';
import { ShowpadNames } from '../../lib/showpad-names.ts';
import { failureOf, json } from './showpad-client-server.ts';
import { startDirectory, type Directory } from './showpad-directory.ts';

const division = { id: 'd1' };
const conflict = { title: 'Conflict', detail: 'There is one of this name.', status: 409 };

/** The names of a Showpad, at a time that the test moves. */
async function namesOf(directory: Directory) {
  const showpad = await startDirectory(directory);
  const clock = { now: 0 };
  return { ...showpad, clock, names: new ShowpadNames(showpad.client, () => clock.now) };
}

async function expectFailure(promise: Promise<unknown>, code: ReasonCode): Promise<string> {
  const error: unknown = await promise.catch((reason: unknown) => reason);
  if (!(error instanceof JobFailure)) throw new Error(`It did not fail with ${code}.`, { cause: error });
  expect(error.code).toBe(code);
  return error.message;
}

describe('the id of a tag', () => {
  it('is that of the tag with the name, or the one that is given', async () => {
    const { names, calls } = await namesOf({ tags: [{ id: 't1', name: 'red', division }] });
    expect(await names.tagId('d1', 'red')).toBe('t1');
    expect(await names.tagId('d1', { name: ' red ' })).toBe('t1');
    expect(calls).toEqual(['GET /tags']);
    expect(await names.tagId('d1', { id: 't9' })).toBe('t9');
    expect(await names.findTagId('d1', { id: 't9' })).toBe('t9');
    expect(calls).toEqual(['GET /tags']);
  });

  it('is that of a new tag where the Division has none, made once however many ask at once', async () => {
    const { names, count } = await namesOf({});
    const ids = await Promise.all(Array.from({ length: 20 }, () => names.tagId('d1', 'red')));
    expect(new Set(ids)).toEqual(new Set(['tags-1']));
    expect(count('GET /tags')).toBe(1);
    expect(count('POST /tags')).toBe(1);
  });

  it('is another in another Division', async () => {
    const { names, requests } = await namesOf({ tags: [{ id: 't1', name: 'red', division }] });
    expect(await Promise.all([names.tagId('d1', 'red'), names.tagId('d2', 'red')])).toEqual(['t1', 'tags-2']);
    expect(requests.at(-1)?.body).toBe('{"name":"red","division":{"id":"d2"}}');
  });

  it('is not that of a new tag where tags are not to be made', async () => {
    const { names, calls } = await namesOf({});
    expect(await expectFailure(names.tagId('d1', 'red', 'refuse'), 'TAG_UNKNOWN')).toContain('red');
    expect(await names.findTagId('d1', 'red')).toBeNull();
    expect(new Set(calls)).toEqual(new Set(['GET /tags']));
  });

  it('is made for the one who may make tags, also beside one who may not', async () => {
    const { names } = await namesOf({});
    const asked = [names.tagId('d1', 'red', 'refuse'), names.tagId('d1', 'red', 'create')];
    const [, made] = await Promise.allSettled(asked);
    expect(made).toEqual({ status: 'fulfilled', value: 'tags-1' });
  });

  it('is read again when somebody else has just made the tag', async () => {
    const tags: { id: string; name: string }[] = [];
    const { names, calls } = await namesOf({
      tags,
      instead: (operation, response) => {
        if (operation !== 'POST /tags') return false;
        tags.push({ id: 'theirs', name: 'red' });
        json(response, 409, conflict);
        return true;
      },
    });
    expect(await names.tagId('d1', 'red')).toBe('theirs');
    expect(calls).toEqual(['GET /tags', 'POST /tags', 'GET /tags']);
  });

  it('is to be asked for again later when it is there and no list shows it yet', async () => {
    const { names } = await namesOf({
      instead: (operation, response) => {
        if (operation !== 'POST /tags') return false;
        json(response, 409, conflict);
        return true;
      },
    });
    const error = await failureOf(names.tagId('d1', 'red'));
    expect(error).toMatchObject({ status: 409, retryable: true, operation: 'POST /tags' });
  });

  it('is that of the very same name among those that differ only in case', async () => {
    const tags = [
      { id: 't1', name: 'Red' },
      { id: 't2', name: 'red' },
    ];
    expect(await (await namesOf({ tags })).names.tagId('d1', 'red')).toBe('t2');
    expect(await (await namesOf({ tags: tags.slice(0, 1) })).names.tagId('d1', 'red')).toBe('t1');
  });

  it.each([
    ['RED', 'Red'],
    ['red', 'red'],
  ])('is refused with all ids where the tags %s and %s could be meant', async (one, other) => {
    const { names, count } = await namesOf({
      tags: [
        { id: 't1', name: one },
        { id: 't2', name: other },
      ],
    });
    const message = await expectFailure(names.tagId('d1', 'red'), 'TAG_AMBIGUOUS');
    expect(message).toMatch(/“red”.*t1, t2/);
    await expectFailure(names.findTagId('d1', 'red'), 'TAG_AMBIGUOUS');
    expect(count('POST /tags')).toBe(0);
  });
});

describe('a tag in a category', () => {
  const wish = { name: 'red', category: 'colours' };

  it('is made with its category and put into it, once', async () => {
    const { names, calls, requests } = await namesOf({});
    const ids = await Promise.all(Array.from({ length: 5 }, () => names.tagId('d1', wish)));
    expect(new Set(ids)).toEqual(new Set(['tags-1']));
    expect(calls).toEqual([
      'GET /tags',
      'POST /tags',
      'GET /tag-categories',
      'POST /tag-categories',
      'POST /tag-categories/tag-categories-1/tags',
    ]);
    expect(requests.at(-1)?.body).toBe('{"add":[{"id":"tags-1"}]}');
  });

  it('is put into the category that is there, also when somebody has just made it', async () => {
    const categories: { id: string; name: string }[] = [];
    const { names, calls } = await namesOf({
      tags: [{ id: 't1', name: 'red' }],
      categories,
      instead: (operation, response) => {
        if (operation !== 'POST /tag-categories') return false;
        categories.push({ id: 'theirs', name: 'colours' });
        json(response, 409, conflict);
        return true;
      },
    });
    expect(await names.tagId('d1', wish)).toBe('t1');
    expect(calls.at(-1)).toBe('POST /tag-categories/theirs/tags');
    names.forget();
    expect(await names.tagId('d1', wish)).toBe('t1');
    expect(calls.slice(-3)).toEqual(['GET /tags', 'GET /tag-categories', 'POST /tag-categories/theirs/tags']);
  });

  it('that is not to be made makes no category either', async () => {
    const { names, calls } = await namesOf({});
    await expectFailure(names.tagId('d1', wish, 'refuse'), 'TAG_UNKNOWN');
    expect(calls).toEqual(['GET /tags']);
  });
});

describe('what was found', () => {
  it('is remembered for five minutes and no longer', async () => {
    const { names, clock, count } = await namesOf({ tags: [{ id: 't1', name: 'red' }] });
    await names.tagId('d1', 'red');
    clock.now = 299_999;
    await names.tagId('d1', 'red');
    expect(count('GET /tags')).toBe(1);
    clock.now = 300_000;
    await names.tagId('d1', 'red');
    expect(count('GET /tags')).toBe(2);
  });

  it('is forgotten when that is asked, so that a new tag takes the place of one that was deleted', async () => {
    const tags = [{ id: 'old', name: 'red' }];
    const { names } = await namesOf({ tags });
    expect(await names.tagId('d1', 'red')).toBe('old');
    tags.splice(0, 1, { id: 'new', name: 'red' });
    expect(await names.tagId('d1', 'red')).toBe('old');
    names.forget();
    expect(await names.tagId('d1', 'red')).toBe('new');
  });

  it('is not nothing: what was not found is looked up again', async () => {
    const tags: { id: string; name: string }[] = [];
    const { names } = await namesOf({ tags });
    await expectFailure(names.tagId('d1', 'red', 'refuse'), 'TAG_UNKNOWN');
    tags.push({ id: 't1', name: 'red' });
    expect(await names.tagId('d1', 'red', 'refuse')).toBe('t1');
  });

  it('is no failure, which all who asked meanwhile are told', async () => {
    let isBroken = true;
    const { names } = await namesOf({
      tags: [{ id: 't1', name: 'red' }],
      instead: (_operation, response) => {
        if (isBroken) json(response, 403, { title: 'Forbidden', detail: 'No.', status: 403 });
        return isBroken;
      },
    });
    const errors = await Promise.all([1, 2, 3].map(() => failureOf(names.tagId('d1', 'red'))));
    expect(errors.map(({ status }) => status)).toEqual([403, 403, 403]);
    isBroken = false;
    expect(await names.tagId('d1', 'red')).toBe('t1');
  });
});

describe('the id of a Division', () => {
  const divisions = [
    { id: 'd1', name: 'Sales' },
    { id: 'd2', name: 'Marketing' },
  ];

  it('is the one that is given, unseen', async () => {
    const { names, calls } = await namesOf({});
    expect([await names.divisionId('d7'), await names.divisionId({ id: 'd8' })]).toEqual(['d7', 'd8']);
    expect(calls).toEqual([]);
  });

  it('is that of the Division with the name, looked up once', async () => {
    const { names, calls } = await namesOf({ divisions });
    const ids = await Promise.all([1, 2, 3].map(() => names.divisionId({ name: 'Marketing' })));
    expect(ids).toEqual(['d2', 'd2', 'd2']);
    expect(calls).toEqual(['GET /divisions']);
  });

  it('is that of the only one there is, where none is named', async () => {
    expect(await (await namesOf({ divisions: divisions.slice(0, 1) })).names.divisionId(undefined)).toBe(
      'd1',
    );
  });

  it('is refused with all there is to choose from', async () => {
    const { names } = await namesOf({ divisions: [...divisions, { id: 'd3', name: 'Sales' }] });
    const wishes = [undefined, { name: 'Support' }, { name: 'Sales' }, { name: 'marketing' }];
    for (const wish of wishes) {
      const message = await expectFailure(names.divisionId(wish), 'DIVISION_UNKNOWN');
      expect(message).toContain('Sales (d1), Marketing (d2), Sales (d3)');
    }
    expect(await expectFailure(names.divisionId({ name: 'Sales' }), 'DIVISION_UNKNOWN')).toMatch(/^2 /);
    const none = await namesOf({});
    expect(await expectFailure(none.names.divisionId(undefined), 'DIVISION_UNKNOWN')).toMatch(/none\.$/);
  });
});

describe('the id of a user', () => {
  const users = [{ id: 'u1', email: 'Jo@Example.com' }];

  it('is found by the address in any case, once', async () => {
    const { names, calls } = await namesOf({ users });
    expect(await names.userId('jo@example.com', 'authors[0]')).toBe('u1');
    expect(await names.userId('JO@EXAMPLE.COM', 'authors[0]')).toBe('u1');
    expect(calls).toEqual(['GET /users']);
  });

  it.each([
    ['nobody has', users, 'secret@example.com'],
    ['several have', [...users, { id: 'u2', email: 'jo@example.com' }], 'jo@example.com'],
    ['no list can carry', users, '"secret,name"@example.com'],
  ])('is refused for an address that %s, without telling the address', async (_what, known, email) => {
    const { names } = await namesOf({ users: known });
    const message = await expectFailure(names.userId(email, 'metadata.authors[3]'), 'AUTHOR_UNKNOWN');
    expect(message).toContain('metadata.authors[3]');
    expect(message).not.toMatch(/@|secret|jo/i);
  });

  it('does not tell the address either when Showpad repeats it in its refusal', async () => {
    const { names } = await namesOf({
      instead: (_operation, response) => {
        json(response, 400, { title: 'Bad', detail: 'emails: secret@example.com is none.', status: 400 });
        return true;
      },
    });
    const error = await failureOf(names.userId('secret@example.com', 'authors[0]'));
    expect(error).toMatchObject({ status: 400, retryable: false });
    expect(`${error.message} ${error.detail}`).not.toMatch(/secret|example\.com/);
  });
});
