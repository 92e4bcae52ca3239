// GET /assets/{source}/{subject} → what is wanted of an asset, what Showpad holds, and what happened to it.
import { assetKey, externalIdOf } from '../lib/asset-key.ts';
import type { DesiredState } from '../lib/desired-state.ts';
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
    desired: withoutQueries(desired),
    applied,
    staged: staged ?? null,
    intent: intent ?? null,
    timeline: await services.timeline.newest(key),
  });
});

/** The link of a file may be signed: what is behind its question mark is a secret. */
function withoutQueries(desired: DesiredState): DesiredState {
  const { content } = desired;
  if (content === undefined || !('file' in content.value)) return desired;
  const { file } = content.value;
  const url = file.url.replace(/\?.*$/s, '?…');
  return { ...desired, content: { ...content, value: { file: { ...file, url } } } };
}
