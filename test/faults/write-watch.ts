import type { ShowpadEmulator } from '../../local/showpad/showpad-emulator.ts';
import type { OutsideCall } from './invocation.ts';

/** Sees which writes to an asset are under way, and remembers those that were so at the same time. */
export class WriteWatch {
  readonly #overlaps: string[] = [];
  readonly #showpad: ShowpadEmulator;
  readonly #underWay = new Map<string, Set<string>>();

  constructor(showpad: ShowpadEmulator) {
    this.#showpad = showpad;
  }

  /** @returns the way to say that the write is over */
  start(call: OutsideCall): () => void {
    const asset = call.method === 'GET' ? undefined : this.#assetOf(call);
    if (asset === undefined) return () => undefined;
    const writes = this.#underWay.get(asset) ?? new Set();
    for (const other of writes) this.#overlaps.push(`${call.label} while ${other}, of ${asset}`);
    writes.add(call.label);
    this.#underWay.set(asset, writes);
    return () => writes.delete(call.label);
  }

  /** The overlaps since the last call. */
  takeOverlaps(): string[] {
    return this.#overlaps.splice(0);
  }

  /** The external id of the asset that a request would write, whether it exists yet or not. */
  #assetOf({ system, path, body }: OutsideCall): string | undefined {
    const id = path.split('/').at(system === 'upload' ? -1 : 3);
    if (system === 'upload') {
      const holder = this.#showpad.assets.find(({ files }) => files.some((file) => file.id === id));
      return holder?.externalId ?? undefined;
    }
    if (system !== 'showpad' || !path.startsWith('/v4/assets')) return undefined;
    if (id !== undefined)
      return this.#showpad.assets.find((asset) => asset.id === id)?.externalId ?? undefined;
    return /"externalId":"([^"]+)"/.exec(body ?? '')?.[1];
  }
}
