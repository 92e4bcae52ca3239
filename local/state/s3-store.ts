import type { buildApp } from 'fauxqs';
import { trusted } from '../child.ts';
import { ObjectFiles } from './object-files.ts';

export type Stores = NonNullable<NonNullable<Parameters<typeof buildApp>[0]>['stores']>;

/**
 * Stores for fauxqs, of which the one for S3 keeps its objects in a folder where one is given.
 *
 * fauxqs has stores that outlive it only behind `startFauxqs`, which listens on every interface of the machine, and
 * exports no store that could be given to `buildApp`: the classes are taken from the files they are in.
 */
export async function fauxqsStores(directory?: string): Promise<Stores> {
  const [{ S3Store }, { SqsStore }, { SnsStore }] = await Promise.all([
    fauxqsFile<{ S3Store: new () => Stores['s3Store'] }>('s3/s3Store.js'),
    fauxqsFile<{ SqsStore: new () => Stores['sqsStore'] }>('sqs/sqsStore.js'),
    fauxqsFile<{ SnsStore: new () => Stores['snsStore'] }>('sns/snsStore.js'),
  ]);
  const s3Store = new S3Store();
  if (directory !== undefined) {
    const files = new ObjectFiles(directory);
    // Its files are given to it only when it is filled: what was read need not be written again.
    files.loadS3(s3Store);
    s3Store.persistence = files;
  }
  return { s3Store, sqsStore: new SqsStore(), snsStore: new SnsStore() };
}

/** What a file of fauxqs exports, for what the package itself does not. */
export async function fauxqsFile<Module>(path: string): Promise<Module> {
  return trusted<Module>().parse(await import(new URL(path, import.meta.resolve('fauxqs')).href));
}
