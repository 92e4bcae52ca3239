import * as z from 'zod';
import type { Operation } from '../operation.ts';
import { refuseTakenName, renderTag, tagNameSchema } from '../tag-resource.ts';

const bodySchema = z.strictObject({ name: tagNameSchema });

export const updateTag: Operation = {
  method: 'POST',
  path: '/tags/{tagId}',
  run(request, state) {
    const tag = request.lookUp(state.tags, 'tagId');
    const { name } = request.parseBody(bodySchema);
    const others = [...state.tags.values()].filter((other) => other !== tag);
    refuseTakenName(others, { name, division: tag.division }, state.switches.tagNameUniqueness);
    Object.assign(tag, { name, updatedAt: state.timestamp() });
    state.saveTag(tag);
    return { status: 200, json: renderTag(tag) };
  },
};
