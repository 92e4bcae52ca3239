import { Agent } from 'undici';
import { startStack } from '../stack.ts';
import type { Stack } from '../stack.ts';
import type { StackOptions } from '../stack-options.ts';
import { ConnectorClient } from './connector-client.ts';
import type { Content } from './content.ts';
import { startFileServer } from './file-server.ts';
import type { FileServer } from './file-server.ts';
import { readDatasheets } from './metadata-story.ts';
import type { Datasheets } from './metadata-story.ts';
import { readPersonalFiles } from './my-files-story.ts';
import type { PersonalFiles } from './my-files-story.ts';
import { Person } from './person.ts';
import { readPublications } from './publications.ts';
import type { Publications } from './publications.ts';
import { ShowpadView } from './showpad-view.ts';

/** Everything that runs during the demo. */
export interface DemoSystem {
  readonly stack: Stack;
  readonly publications: Publications;
  readonly datasheets: Datasheets;
  readonly personalFiles: PersonalFiles;
  readonly files: FileServer;
  readonly connector: ConnectorClient;
  readonly showpad: ShowpadView;
  /** Somebody who works in that Showpad by hand. */
  readonly person: Person;
  readonly close: () => Promise<void>;
}

const showpadEmulator = {
  switches: {
    // A quarter of a second for each of Showpad's steps, so that a person can see them.
    processingMs: 250,
    // The first time that a ticket is said to be completed it names no asset yet, so that it is asked again.
    completedReadsWithoutAsset: 1,
  },
} as const;

/**
 * Starts the whole system in processes of its own, and the server of its source files in this one.
 * @param signal ends every request that is made through `connector` and `showpad`
 * @throws {Error} when it cannot be started; nothing is left running then
 */
export async function startDemoSystem(
  options: Omit<StackOptions, 'processes'>,
  signal: AbortSignal,
): Promise<DemoSystem> {
  const reading = Promise.all([readPublications(), readDatasheets(), readPersonalFiles()]);
  // Waited for below, when the stack is up or has failed.
  reading.catch(() => undefined);
  const common = { processes: 'own', showpadEmulator, longestBatchingSeconds: 0.05 } as const;
  const stack = await startStack({ ...common, ...options });
  try {
    const [publications, datasheets, personalFiles] = await reading;
    const contents = Object.values(publications).map(({ content }) => content);
    const files = await startFileServer([
      ...contents,
      ...Object.values<Content>({ ...datasheets, ...personalFiles }),
    ]);
    const dispatcher = new Agent();
    const secret = stack.sources['demo']?.secret ?? '';
    return {
      stack,
      publications,
      datasheets,
      personalFiles,
      files,
      connector: new ConnectorClient(stack.apiUrl, secret, dispatcher, signal),
      showpad: new ShowpadView(stack.showpad.v4Url, dispatcher, signal),
      person: new Person(stack.showpad.v4Url, stack.showpad.token ?? '', dispatcher, signal),
      close: async () => {
        await Promise.all([dispatcher.destroy(), files.close()]);
        await stack.stop();
      },
    };
  } catch (error) {
    await stack.stop();
    throw error;
  }
}
