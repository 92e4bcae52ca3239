import { parseSettings } from '../settings.ts';
import type { Settings } from '../settings.ts';

export interface DemoSettings {
  readonly settings: Settings;
  /** Settings that are there and do not count here, each with the reason. */
  readonly remarks: readonly string[];
}

const setAside: Readonly<Record<string, string>> = {
  SHOWPAD_V4_URL: 'the demo always uses its own Showpad emulator; npm start uses yours',
  SHOWPAD_V3_URL: 'the demo always uses its own Showpad emulator; npm start uses yours',
  SHOWPAD_TOKEN: 'the demo signs in to its own Showpad emulator',
  SHOWPAD_CREDENTIALS: 'the demo signs in to its own Showpad emulator',
  SOURCES: 'the demo sends as a source of its own, with a fresh secret',
  STATE_DIR: 'the demo begins with nothing each time',
  ALLOW_PRIVATE_SOURCES: 'the demo serves its files from this machine',
  DELIVERY: 'the demo ends when everything is delivered',
};

/**
 * The settings of the local stack as far as they make sense for the demo: any free port, and a look every
 * second at files and tickets that Showpad is processing, where the environment does not say otherwise.
 * @throws {Error} that names every bad setting
 */
export function demoSettings(environment: Readonly<Record<string, string | undefined>>): DemoSettings {
  const given = Object.entries(environment).filter(([, value]) => value !== undefined && value !== '');
  const settings = parseSettings({
    PORT: '0',
    PROCESSING_POLL_SECONDS: '1',
    TICKET_POLL_SECONDS: '1',
    ...Object.fromEntries(given.filter(([name]) => setAside[name] === undefined)),
  });
  const remarks = given.flatMap(([name]) => {
    const reason = setAside[name];
    return reason === undefined ? [] : [`${name} is set aside: ${reason}.`];
  });
  return { settings, remarks };
}
