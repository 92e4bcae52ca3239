import * as z from 'zod';
import { originSchema } from '../asset-fields.ts';
import type { Operation } from '../operation.ts';
import { Problem } from '../problem.ts';
import type { EmulatedTag } from '../showpad-state.ts';
import { refuseTakenName, renderTag, tagNameSchema } from '../tag-resource.ts';

const bodySchema = z.strictObject({
  name: tagNameSchema,
  division: z.strictObject({ id: z.string().min(1) }),
  origin: originSchema.optional(),
  externalServiceId: z.string().nullable().optional(),
});

export const createTag: Operation = {
  method: 'POST',
  path: '/tags',
  run(request, state) {
    const { name, division } = request.parseBody(bodySchema);
    if (!state.divisions.has(division.id)) {
      throw Problem.invalid('division.id', 'The Division does not exist.', 'notFound');
    }
    refuseTakenName(state.tags.values(), { name, division }, state.switches.tagNameUniqueness);
    const createdAt = state.timestamp();
    const tag: EmulatedTag = {
      id: state.newId(),
      division,
      name,
      tagCategories: [],
      isDivisionShared: false,
      createdAt,
      updatedAt: createdAt,
      usedInFilter: false,
    };
    state.saveTag(tag);
    return { status: 201, json: renderTag(tag) };
  },
};
