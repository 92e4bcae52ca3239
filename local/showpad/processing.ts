import type { EmulatedAsset, EmulatedFile, ReceivedBinary } from './asset-resource.ts';
import { fileTypeOf, processingErrorOf } from './file-types.ts';
import type { ShowpadState } from './showpad-state.ts';
import type { Walk } from './walk.ts';
import { beginWalk, continueWalk, type Walker } from './walking.ts';

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
  state.touch('asset', asset.id);
  if (!repeated) process(state, asset, file);
  state.changes.notify();
}

function process(state: ShowpadState, asset: EmulatedAsset, file: EmulatedFile): void {
  const { unknownStatus } = state.switches;
  const steps = ['queued', ...(unknownStatus === null ? [] : [unknownStatus]), 'processing'];
  beginWalk(state, { kind: 'file', id: file.id }, steps, walkerOf(state, asset, file));
}

/** Goes on with the processing of a file as it was left. */
export function resumeProcessing(state: ShowpadState, walk: Walk): void {
  const found = state.findFile(walk.id);
  if (found !== undefined) continueWalk(state, walk, walkerOf(state, found.asset, found.file));
}

function walkerOf(state: ShowpadState, asset: EmulatedAsset, file: EmulatedFile): Walker {
  return {
    isOver: () => !state.assets.has(asset.id),
    enter: (status) => {
      enter(state, asset, file, status);
    },
    finish: () => {
      const binary = file.uploads.findLast(isFirstOfItsKind(file));
      if (binary !== undefined) finish(state, asset, file, binary);
    },
  };
}

/** Tells the upload that started the latest walk from repetitions of it. */
function isFirstOfItsKind(file: EmulatedFile) {
  return (upload: ReceivedBinary, index: number) => file.uploads[index - 1]?.sha256 !== upload.sha256;
}

function enter(state: ShowpadState, asset: EmulatedAsset, file: EmulatedFile, status: string): void {
  const updatedAt = state.timestamp();
  Object.assign(file, { status, updatedAt });
  state.touch('asset', asset.id);
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
