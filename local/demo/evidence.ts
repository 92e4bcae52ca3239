import type { DeadLetter } from '../queue-state.ts';
import type { FileServer } from './file-server.ts';
import type { Datasheets, Steps } from './metadata-story.ts';
import type { PersonalOutcome } from './my-files-outcome.ts';
import type { Pushes } from './my-files-story.ts';
import type { Outcome } from './outcome.ts';
import type { ShowpadLibrary, ShowpadRequest } from './showpad-view.ts';
import type { Deliveries, Told } from './story.ts';

/** One thing that the demo shows. It holds where nothing speaks against it. */
export interface Finding {
  readonly title: string;
  readonly text: string;
  readonly faults: readonly string[];
}

export interface Evidence {
  readonly deliveries: Deliveries;
  /** The events of the metadata story. */
  readonly steps: Steps;
  readonly datasheets: Datasheets;
  readonly pushes: Pushes;
  readonly told: Told;
  /** From the first event to the end of the last job. */
  readonly elapsedMs: number;
  readonly outcomes: readonly Outcome[];
  /** Of every push, for each of its people. */
  readonly personalOutcomes: readonly PersonalOutcome[];
  readonly files: FileServer;
  readonly library: ShowpadLibrary;
  readonly requests: readonly ShowpadRequest[];
  readonly deadLetters: readonly DeadLetter[];
}
