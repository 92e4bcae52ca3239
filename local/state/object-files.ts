import { createHash, randomUUID } from 'node:crypto';
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  writevSync,
} from 'node:fs';
import { join } from 'node:path';
import type { buildApp } from 'fauxqs';

type Stores = NonNullable<NonNullable<Parameters<typeof buildApp>[0]>['stores']>;
export type S3Store = Stores['s3Store'];
type Persistence = NonNullable<S3Store['persistence']>;
type StoredObject = Parameters<Persistence['upsertObject']>[1];
type BucketType = Parameters<Persistence['insertBucket']>[2];

interface BucketDescription {
  readonly name: string;
  readonly type: BucketType;
  readonly createdAt: string;
}

const lengthBytes = 4;

/**
 * What the S3 emulator holds, in files: a folder for each bucket and one file for each object, which holds its
 * description and its bytes and takes its place by a rename. So an object is there whole or not at all, whenever the
 * process is killed; fauxqs's own files have two for each object, written in place. Uploads in parts that are not
 * completed are not kept: they end with the process, and never become an object.
 */
export class ObjectFiles implements Persistence {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
    mkdirSync(directory, { recursive: true });
  }

  loadS3(store: S3Store): void {
    for (const bucket of readdirSync(this.#directory)) {
      // Its description comes first and is written whole: without one the bucket was not answered for.
      const description = this.#description(bucket);
      if (description === null) continue;
      store.createBucket(description.name, description.type);
      store.setBucketCreationDate(description.name, new Date(description.createdAt));
      for (const name of readdirSync(join(this.#directory, bucket))) {
        const file = join(this.#directory, bucket, name);
        if (name.endsWith('.tmp')) rmSync(file);
        else if (name.endsWith('.object')) store.restoreObject(bucket, readDescription(file));
        else if (name === 'lifecycle.xml') {
          store.restoreBucketLifecycleConfiguration(bucket, readFileSync(file, 'utf8'));
        }
      }
    }
  }

  insertBucket(name: string, creationDate: Date, type: BucketType): void {
    mkdirSync(join(this.#directory, name), { recursive: true });
    const description: BucketDescription = { name, type, createdAt: creationDate.toISOString() };
    writeWhole(join(this.#directory, name, 'bucket.json'), Buffer.from(JSON.stringify(description)));
  }

  deleteBucket(name: string): void {
    rmSync(join(this.#directory, name, 'bucket.json'), { force: true });
    rmSync(join(this.#directory, name), { recursive: true, force: true });
  }

  saveBucketLifecycleConfiguration(bucket: string, configuration: string): void {
    writeWhole(join(this.#directory, bucket, 'lifecycle.xml'), Buffer.from(configuration));
  }

  deleteBucketLifecycleConfiguration(bucket: string): void {
    rmSync(join(this.#directory, bucket, 'lifecycle.xml'), { force: true });
  }

  upsertObject(bucket: string, { body, ...described }: StoredObject): void {
    const description = Buffer.from(JSON.stringify(described));
    const length = Buffer.alloc(lengthBytes);
    length.writeUInt32BE(description.length);
    writeWhole(this.#objectFile(bucket, described.key), length, description, body);
  }

  deleteObject(bucket: string, key: string): void {
    rmSync(this.#objectFile(bucket, key), { force: true });
  }

  deleteObjectsByBucket(bucket: string): void {
    for (const name of readdirSync(join(this.#directory, bucket))) {
      if (name.endsWith('.object')) rmSync(join(this.#directory, bucket, name), { force: true });
    }
  }

  deleteAllObjects(): void {
    for (const bucket of readdirSync(this.#directory)) this.deleteObjectsByBucket(bucket);
  }

  renameObject(bucket: string, sourceKey: string, destKey: string): void {
    const described = readDescription(this.#objectFile(bucket, sourceKey));
    this.upsertObject(bucket, { ...described, key: destKey, body: this.readBody(bucket, sourceKey) });
    if (sourceKey !== destKey) this.deleteObject(bucket, sourceKey);
  }

  readBody(bucket: string, key: string): Buffer {
    const bytes = readFileSync(this.#objectFile(bucket, key));
    return bytes.subarray(lengthBytes + bytes.readUInt32BE(0));
  }

  completeMultipartUpload(_uploadId: string, bucket: string, object: StoredObject): void {
    this.upsertObject(bucket, object);
  }

  insertMultipartUpload(): void {}
  upsertMultipartPart(): void {}
  deleteMultipartUpload(): void {}
  deleteAllMultipartUploads(): void {}
  close(): void {}

  purgeAll(): void {
    rmSync(this.#directory, { recursive: true, force: true });
    mkdirSync(this.#directory, { recursive: true });
  }

  /** Keys may hold anything, and be longer than a file's name. */
  #objectFile(bucket: string, key: string): string {
    return join(this.#directory, bucket, `${createHash('sha256').update(key).digest('hex')}.object`);
  }

  #description(bucket: string): BucketDescription | null {
    try {
      return JSON.parse(
        readFileSync(join(this.#directory, bucket, 'bucket.json'), 'utf8'),
      ) as BucketDescription;
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
      throw error;
    }
  }
}

function writeWhole(file: string, ...parts: readonly Buffer[]): void {
  const temporary = `${file}.${randomUUID()}.tmp`;
  const descriptor = openSync(temporary, 'wx', 0o600);
  try {
    let left = parts.filter(({ length }) => length > 0);
    while (left.length > 0) left = after(left, writevSync(descriptor, left));
  } finally {
    closeSync(descriptor);
  }
  renameSync(temporary, file);
}

/** A system writes as much at once as it likes. */
function after(parts: readonly Buffer[], written: number): Buffer[] {
  let skipped = 0;
  return parts.flatMap((part) => {
    const start = Math.min(Math.max(written - skipped, 0), part.length);
    skipped += part.length;
    return start === part.length ? [] : [part.subarray(start)];
  });
}

/** An object without its bytes, which the emulator asks for when it needs them. */
function readDescription(file: string): StoredObject {
  const descriptor = openSync(file, 'r');
  try {
    const length = Buffer.alloc(lengthBytes);
    readSync(descriptor, length);
    const description = Buffer.alloc(length.readUInt32BE(0));
    readSync(descriptor, description, 0, description.length, lengthBytes);
    const described = JSON.parse(description.toString('utf8')) as StoredObject;
    return { ...described, lastModified: new Date(described.lastModified), body: Buffer.alloc(0) };
  } finally {
    closeSync(descriptor);
  }
}
