import type { Operation } from '../operation.ts';
import { renderUser } from '../user-resource.ts';

export const listUsers: Operation = {
  method: 'GET',
  path: '/users',
  run(request, state) {
    const ids = request.list('ids');
    const emails = request.list('emails');
    const wanted = emails && new Set([...emails].map((email) => email.toLowerCase()));
    const found = [...state.users.values()].filter(
      (user) =>
        (ids === undefined || ids.has(user.id)) &&
        (wanted === undefined || wanted.has(user.email.toLowerCase())),
    );
    return request.page(found, renderUser);
  },
};
