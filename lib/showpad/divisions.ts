import * as z from 'zod';
import type { ShowpadClient } from './client.ts';
import { id } from './id.ts';
import { path } from './path.ts';

const division = z.object({
  id,
  name: z.string().nullish(),
  isAssetSharingEnabled: z.boolean().nullish(),
});
export type Division = z.infer<typeof division>;

/** Yields the Divisions that the token can see. `GET /divisions` has no filters. */
export function listDivisions(client: ShowpadClient): AsyncGenerator<Division, void, undefined> {
  return client.paginate(
    { api: 'v4', method: 'GET', path: path`/divisions`, operation: 'GET /divisions' },
    division,
  );
}

/** @throws ShowpadError, status 404 when the Division is absent or not visible to the token */
export function getDivision(client: ShowpadClient, divisionId: string): Promise<Division> {
  return client.request({
    api: 'v4',
    method: 'GET',
    path: path`/divisions/${divisionId}`,
    operation: 'GET /divisions/{divisionId}',
    schema: division,
  });
}
