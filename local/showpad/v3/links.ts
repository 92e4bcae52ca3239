const base = 'https://emulator.showpad.biz/api/v3';

/** The link by which resources of API v3 name each other. */
export function linkTo(
  collection: 'users' | 'divisions' | 'assets' | 'tickets',
  id: string,
  more = '',
): string {
  return `${base}/${collection}/${id}${more}.json`;
}
