// GET /assets/{source}/{subject} → what is wanted of an asset, what Showpad holds, and what happened to it.
import { assetKey, externalIdOf } from '../lib/asset-key.ts';
import type { DesiredState } from '../lib/desired-state.ts';
import { httpHandler } from '../lib/handlers.ts';
import { HttpProblem, jsonResponse } from '../lib/problem.ts';
import { withoutSecretsWithin } from '../lib/without-secrets.ts';

export const handler = httpHandler(async ({ path }, { services }) => {
  const key = assetKey(path['source'] ?? '', path['subject'] ?? '');
  const asset = await services.assets.get(key);
  if (asset === null) throw new HttpProblem(404, 'No event of this source has named this subject.');
  const { source, subject, desired, applied, staged, intent } = asset;
  return jsonResponse(200, {
    source,
    subject,
    externalId: externalIdOf(key),
    desired: presentable(desired),
    applied: { ...withoutSecretsWithin(applied), ...(applied.url !== undefined && { url: applied.url }) },
    staged: staged ?? null,
    intent: withoutSecretsWithin(intent ?? null),
    timeline: await services.timeline.newest(key),
  });
});

/** The link of a file may be signed, texts may name people. The link of a URL asset is there for everybody. */
function presentable(desired: DesiredState): DesiredState {
  const { content } = desired;
  const presented = withoutSecretsWithin(desired);
  const isLink = content !== undefined && 'url' in content.value;
  return isLink ? { ...presented, content } : presented;
}
