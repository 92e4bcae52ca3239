// GET /assets/{source}/{subject} → what is wanted of an asset, what Showpad holds, and what happened to it.
import { assetKey, externalIdOf } from '../lib/asset-key.ts';
import { httpHandler } from '../lib/handlers.ts';
import { HttpProblem, jsonResponse } from '../lib/problem.ts';

export const handler = httpHandler(async ({ path }, { services }) => {
  const key = assetKey(path['source'] ?? '', path['subject'] ?? '');
  const asset = await services.assets.get(key);
  if (asset === null) throw new HttpProblem(404, 'No event of this source has named this subject.');
  const { source, subject, desired, applied, staged, intent } = asset;
  return jsonResponse(200, {
    source,
    subject,
    externalId: externalIdOf(key),
    desired,
    applied,
    staged: staged ?? null,
    intent: intent ?? null,
    timeline: await services.timeline.newest(key),
  });
});
