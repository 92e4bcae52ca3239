import { randomBytes } from 'node:crypto';
import { createApi, errorAnswer } from './api.ts';
import type { EmulatedAsset } from './asset-resource.ts';
import { ChangeSignal } from './change-signal.ts';
import { createControl } from './control.ts';
import { Faults } from './faults.ts';
import { startListener } from './listener.ts';
import { RequestLog, type RequestRecord } from './request-log.ts';
import { Scheduler } from './scheduler.ts';
import { seed, type Seed } from './seed.ts';
import { StateFile } from './state-file.ts';
import {
  ShowpadState,
  type EmulatedDivision,
  type EmulatedTag,
  type EmulatedTagCategory,
} from './showpad-state.ts';
import { defaultSwitches, type Switches } from './switches.ts';
import { createUploadStore, storeError } from './upload-store.ts';
import type { EmulatedUser } from './user-resource.ts';
import type { EmulatedTicket } from './v3/emulated-ticket.ts';

export interface ShowpadEmulatorOptions extends Seed {
  /** The API's port; 0, the default, takes any free one. Upload links always name another, free port. */
  readonly port?: number;
  /** The personal API token that is accepted; a random one by default. */
  readonly token?: string;
  /** Where the organisation is kept, so that it outlives this process; the seed counts only for a new one. */
  readonly stateFile?: string;
  /** Milliseconds since 1970. Everything that takes time follows this clock (see `advance`). */
  readonly now?: () => number;
  readonly switches?: Partial<Switches>;
}

/** A running Showpad organisation. What its lists hold is live; read the lists again to see what is new. */
export interface ShowpadEmulator {
  readonly v4Url: string;
  readonly v3Url: string;
  /** Where another process reads and steers the emulator (see control.ts). */
  readonly controlUrl: string;
  readonly token: string;
  readonly assets: readonly EmulatedAsset[];
  readonly deletedAssets: readonly EmulatedAsset[];
  readonly divisions: readonly EmulatedDivision[];
  readonly tags: readonly EmulatedTag[];
  readonly tagCategories: readonly EmulatedTagCategory[];
  /** With what their My Files hold. */
  readonly users: readonly EmulatedUser[];
  /** Uploads into My Files that are or were processed, oldest first. */
  readonly tickets: readonly EmulatedTicket[];
  /** Every request that was received, oldest first. */
  readonly requests: readonly RequestRecord[];
  readonly faults: Faults;
  readonly switches: Switches;
  /**
   * Settles at the next change of state, received or finished request, or struck fault; rejects on close. Wait
   * for a fact with `while (!fact()) await emulator.changed()`.
   */
  changed(): Promise<void>;
  /** Makes every access token that was issued so far invalid; the personal token stays. */
  revokeAccessTokens(): void;
  /** Does everything that has become due; needed only after a clock of one's own was moved. */
  advance(): void;
  /** Ends every connection at once; nothing is left running. */
  close(): Promise<void>;
}

/** Starts a Showpad with API v4, API v3 and an object store for uploads, on 127.0.0.1; in memory, unless it has a file. */
export async function startShowpadEmulator(options: ShowpadEmulatorOptions = {}): Promise<ShowpadEmulator> {
  const changes = new ChangeSignal();
  const scheduler = new Scheduler(options.now ?? Date.now);
  const switches = { ...defaultSwitches, ...options.switches };
  const state = new ShowpadState(switches, scheduler, changes);
  const faults = new Faults(changes);
  const log = new RequestLog(changes);
  const stateFile = options.stateFile === undefined ? undefined : new StateFile(options.stateFile);
  const kept = stateFile?.load(state) ?? null;
  if (kept === null) seed(state, options);
  else state.linkSecret = kept.linkSecret;
  const token = options.token ?? kept?.token ?? randomBytes(24).toString('hex');
  stateFile?.begin(state, { token, linkSecret: state.linkSecret });
  const keep = (): void => stateFile?.write(state);
  scheduler.onRun = keep;

  const store = await startListener({
    name: 'upload',
    port: 0,
    receive: createUploadStore(state),
    errorAnswer: (status) => storeError(status, 'InternalError', 'We encountered an internal error.'),
    faults,
    log,
    scheduler,
    keep,
  });
  state.uploadOrigin = store.origin;
  const api = await startListener({
    name: 'api',
    port: options.port ?? 0,
    receive: createApi(state, token),
    errorAnswer: (status, path) => errorAnswer(state, status, path),
    control: createControl({ state, faults, log }),
    faults,
    log,
    scheduler,
    keep,
  }).catch(async (error: unknown) => {
    await store.close();
    stateFile?.close();
    throw error;
  });

  return {
    v4Url: `${api.origin}/v4`,
    v3Url: `${api.origin}/api/v3`,
    controlUrl: `${api.origin}/_emulator`,
    token,
    faults,
    switches,
    get assets() {
      return [...state.assets.values()];
    },
    get deletedAssets() {
      return [...state.deletedAssets];
    },
    get divisions() {
      return [...state.divisions.values()];
    },
    get tags() {
      return [...state.tags.values()];
    },
    get tagCategories() {
      return [...state.tagCategories.values()];
    },
    get users() {
      return [...state.users.values()];
    },
    get tickets() {
      return [...state.tickets.values()];
    },
    get requests() {
      return log.records;
    },
    revokeAccessTokens: () => {
      state.oauth.revokeAccessTokens();
    },
    changed: () => changes.next(),
    advance: () => {
      scheduler.advance();
    },
    async close() {
      scheduler.close();
      changes.close();
      await Promise.all([api.close(), store.close()]);
      stateFile?.close();
    },
  };
}
