import { trusted } from './child.ts';
import { serveParent } from './parent.ts';
import { connectedEmulator } from './processes.ts';
import { startShowpadEmulator } from './showpad/showpad-emulator.ts';
import type { ShowpadEmulatorOptions } from './showpad/showpad-emulator.ts';

serveParent(trusted<ShowpadEmulatorOptions>(), async (options) => {
  const emulator = await startShowpadEmulator(options);
  return { ready: connectedEmulator(emulator), stop: () => emulator.close() };
});
