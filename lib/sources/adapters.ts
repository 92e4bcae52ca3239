import * as z from 'zod';
import { aemAdapter, aemSettings } from './aem.ts';
import { bynderAdapter, bynderSettings } from './bynder.ts';
import { cloudEventsAdapter, cloudEventsSettings } from './cloudevents.ts';
import { cloudinaryAdapter, cloudinarySettings } from './cloudinary.ts';
import { contentfulAdapter, contentfulSettings } from './contentful.ts';
import { genericHmacAdapter, genericHmacSettings } from './generic-hmac.ts';
import type { Source, SourceAdapter } from './source.ts';

const adapters: Readonly<Record<string, SourceAdapter>> = {
  cloudevents: cloudEventsAdapter,
  contentful: contentfulAdapter,
  bynder: bynderAdapter,
  cloudinary: cloudinaryAdapter,
  aem: aemAdapter,
  hmac: genericHmacAdapter,
};
const settings = [
  cloudEventsSettings,
  contentfulSettings,
  bynderSettings,
  cloudinarySettings,
  aemSettings,
  genericHmacSettings,
] as const;

/** How any source is set up; one that names no adapter sends CloudEvents. */
export const sourceSettings = z.preprocess(
  (value) =>
    typeof value === 'object' && value !== null && !('adapter' in value)
      ? { adapter: 'cloudevents', ...value }
      : value,
  z.discriminatedUnion('adapter', settings, {
    error: ({ code }) =>
      code === 'invalid_union' ? `must be one of ${Object.keys(adapters).join(', ')}` : undefined,
  }),
);

/** The adapter that a source is set up with. */
export function adapterOf({ adapter }: Source): SourceAdapter {
  const found = adapters[adapter];
  if (found === undefined) throw new Error('A source is set up with an adapter that there is.');
  return found;
}
