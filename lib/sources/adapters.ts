import { cloudEventsAdapter } from './cloudevents.ts';
import type { Source, SourceAdapter } from './source.ts';

const adapters: Readonly<Record<Source['adapter'], SourceAdapter>> = { cloudevents: cloudEventsAdapter };

/** The adapter that a source is set up with. */
export function adapterOf(source: Source): SourceAdapter {
  return adapters[source.adapter];
}
