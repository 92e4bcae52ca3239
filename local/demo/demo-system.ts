import { Agent } from 'undici';
import { startStack } from '../stack.ts';
import type { Stack } from '../stack.ts';
import type { StackOptions } from '../stack-options.ts';
import { ConnectorClient } from './connector-client.ts';
import { startFileServer } from './file-server.ts';
import type { FileServer } from './file-server.ts';
import { readDatasheets } from './metadata-story.ts';
import type { Datasheets } from './metadata-story.ts';
import { Person } from './person.ts';
import { readPublications } from './publications.ts';
import type { Publications } from './publications.ts';
import { ShowpadView } from './showpad-view.ts';

/** Everything that runs during the demo. */
export interface DemoSystem {
  readonly stack: Stack;
  readonly publications: Publications;
  readonly datasheets: Datasheets;
  readonly files: FileServer;
  readonly connector: ConnectorClient;
  readonly showpad: ShowpadView;
  /** Somebody who works in that Showpad by hand. */
  readonly person: Person;
  readonly close: () => Promise<void>;
}

// A quarter of a second for each of Showpad's steps, so that a person can see them.
const showpadEmulator = { switches: { processingMs: 250 } } as const;

/**
 * Starts the whole system in processes of its own, and the server of its source files in this one.
 * @param signal ends every request that is made through `connector` and `showpad`
 * @throws {Error} when it cannot be started; nothing is left running then
 */
export async function startDemoSystem(
  options: Omit<StackOptions, 'processes'>,
  signal: AbortSignal,
): Promise<DemoSystem> {
  const reading = Promise.all([readPublications(), readDatasheets()]);
  // Waited for below, when the stack is up or has failed.
  reading.catch(() => undefined);
  const stack = await startStack({ processes: 'own', showpadEmulator, ...options });
  try {
    const [publications, datasheets] = await reading;
    const contents = Object.values(publications).map(({ content }) => content);
    const files = await startFileServer([...contents, datasheets.first, datasheets.second]);
    const dispatcher = new Agent();
    const secret = stack.sources['demo']?.secret ?? '';
    return {
      stack,
      publications,
      datasheets,
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
