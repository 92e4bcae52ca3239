import { readFile } from 'node:fs/promises';
import type * as z from 'zod';
import { ReaderError } from './reader-error.ts';

/**
 * Reads what a local system wrote about itself.
 * @throws ReaderError when the file that CONNECTOR_READY_FILE names is not there, or is something else
 */
export async function readReadyFile<Content>(file: string, schema: z.ZodType<Content>): Promise<Content> {
  let text;
  try {
    text = await readFile(file, 'utf8');
  } catch {
    throw new ReaderError(
      `CONNECTOR_READY_FILE names ${file}, which cannot be read. Is npm start -- --ready-file ${file} running?`,
      2,
    );
  }
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    throw new ReaderError(`CONNECTOR_READY_FILE names ${file}, which is no ready file of npm start.`, 2);
  }
}
