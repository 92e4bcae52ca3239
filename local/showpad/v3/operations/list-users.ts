import type { Switches } from '../../switches.ts';
import type { V3Operation } from '../v3-operation.ts';
import { renderV3User } from '../v3-user-resource.ts';

const textFilters = [
  'email',
  'userName',
  'externalId',
  'firstName',
  'lastName',
  'language',
  'scimId',
  'userType',
] as const;
const flagFilters = ['isActive', 'isAnonymized', 'isInvited', 'isSynced', 'emailNotifications'] as const;
/** What the documentation's sample of a list shows of each user; the e-mail address is not among it. */
const shownWithoutFields = ['id', 'resourcetype', 'href', 'userName'];

export const listUsers: V3Operation = {
  method: 'GET',
  path: '/users.json',
  run(request, state) {
    const texts = textFilters.flatMap((name) => {
      const wanted = request.query.get(name);
      return wanted === null ? [] : [{ name, wanted }];
    });
    const flags = flagFilters.flatMap((name) => {
      const wanted = request.flag(name);
      return wanted === undefined ? [] : [{ name, wanted }];
    });
    const found = [...state.users.values()]
      .map((user) => renderV3User(state, user))
      .filter(
        (user) =>
          texts.every(({ name, wanted }) => matches(user[name], wanted, state.switches.userFilters)) &&
          flags.every(({ name, wanted }) => user[name] === wanted),
      );
    return request.list(found, { shown: shownWithoutFields });
  },
};

function matches(value: unknown, wanted: string, how: Switches['userFilters']): boolean {
  if (typeof value !== 'string') return false;
  if (how === 'exact') return value === wanted;
  const [given, sought] = [value.toLowerCase(), wanted.toLowerCase()];
  return how === 'partial' ? given.includes(sought) : given === sought;
}
