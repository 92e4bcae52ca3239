import type { EmulatedAsset, EmulatedFile, ReceivedBinary } from './asset-resource.ts';
import { fileTypeOf, processingErrorOf } from './file-types.ts';
import type { ShowpadState } from './showpad-state.ts';

const stuckCheckMs = 50;

/**
 * Takes in what was put to a file's upload link and starts to process it. The same bytes again change nothing:
 * a link may be used more than once until it expires.
 */
export function receiveBinary(state: ShowpadState, fileId: string, binary: ReceivedBinary): void {
  const found = state.findFile(fileId);
  // The object store does not know Showpad: it takes the bytes for a file whose asset was deleted meanwhile.
  if (found === undefined) return;
  const { asset, file } = found;
  const repeated = file.uploads.at(-1)?.sha256 === binary.sha256;
  file.uploads.push(binary);
  if (!repeated) process(state, asset, file, binary);
  state.changes.notify();
}

function process(
  state: ShowpadState,
  asset: EmulatedAsset,
  file: EmulatedFile,
  binary: ReceivedBinary,
): void {
  const { unknownStatus, processingMs } = state.switches;
  const steps = ['queued', ...(unknownStatus === null ? [] : [unknownStatus]), 'processing'];
  const isCurrent = () =>
    state.assets.has(asset.id) && file.uploads.findLast(isFirstOfItsKind(file)) === binary;

  const advance = () => {
    if (!isCurrent()) return;
    const next = steps.shift();
    if (next !== undefined) {
      enter(state, asset, file, next);
      state.scheduler.after(processingMs, advance);
    } else if (state.switches.processingStuck) {
      state.scheduler.after(Math.max(processingMs, stuckCheckMs), advance);
    } else {
      finish(state, asset, file, binary);
    }
    state.changes.notify();
  };
  state.scheduler.after(processingMs, advance);
}

/** Tells the upload that started the latest walk from repetitions of it. */
function isFirstOfItsKind(file: EmulatedFile) {
  return (upload: ReceivedBinary, index: number) => file.uploads[index - 1]?.sha256 !== upload.sha256;
}

function enter(state: ShowpadState, asset: EmulatedAsset, file: EmulatedFile, status: string): void {
  const updatedAt = state.timestamp();
  Object.assign(file, { status, updatedAt });
  if (!followsItsFile(state, asset)) return;
  Object.assign(asset, { status, updatedAt });
  state.saveAsset(asset);
}

function finish(state: ShowpadState, asset: EmulatedAsset, file: EmulatedFile, binary: ReceivedBinary): void {
  const error = processingErrorOf(file.name ?? asset.name, binary.head, binary.size);
  if (error !== null) {
    file.error = error;
    enter(state, asset, file, 'failed');
    return;
  }
  file.error = null;
  enter(state, asset, file, 'active');
  const current = asset.files.findIndex(({ id }) => id === asset.currentFile?.id);
  if (state.switches.concurrentFiles === 'newest-created' && asset.files.indexOf(file) < current) return;
  Object.assign(asset, {
    status: 'active',
    currentFile: { id: file.id },
    type: fileTypeOf(asset.name).assetType,
    checksum: binary.md5,
    size: binary.size,
    lastUploadedAt: binary.receivedAt,
    updatedAt: state.timestamp(),
  });
  state.saveAsset(asset);
}

/** An asset without a usable file shows the status of the file it waits for. */
function followsItsFile(state: ShowpadState, asset: EmulatedAsset): boolean {
  return asset.currentFile === null || state.switches.statusDuringReprocessing === 'walks-again';
}
