import { metadataWishes } from './desired-state.ts';
import type { EventOrder } from './event-order.ts';
import { faultsOf, type RequestedFile } from './events.ts';
import { cleanFileName } from './file-name.ts';
import { metadataSchema } from './metadata.ts';
import { JobFailure } from './reasons.ts';
import { applyMapping } from './sources/apply-mapping.ts';
import { openSourceApi } from './stage-file.ts';
import type { Work } from './work.ts';

/** For how long a file is not to be asked for yet; 0 or less when it may be. */
export function secondsUntilReady({ notBefore }: RequestedFile, now: () => number = Date.now): number {
  return notBefore === undefined ? 0 : Math.ceil((Date.parse(notBefore) - now()) / 1_000);
}

/**
 * Asks the source's API for what its payload did not tell, and lays that into the desired state in the place of the
 * event: newer wishes stay, and asking again changes nothing. Where it brings no name, the file's is taken.
 * @throws {SourceError} when the API cannot be asked
 * @throws {JobFailure} SOURCE_ANSWER_UNREADABLE, with every field that is wrong and where it came from
 */
export async function learnDetails(work: Work, order: EventOrder, { details }: RequestedFile): Promise<void> {
  if (details === undefined) return;
  const { services, job } = work;
  const dispatcher = await services.sourceDispatcher();
  let answer: unknown;
  try {
    answer = await openSourceApi(work, job, dispatcher).ask(details.request);
  } finally {
    await dispatcher.destroy();
  }
  const { data, origins } = applyMapping(details.mapping, { body: answer, headers: {} });
  const fileName = data.file?.['name'];
  const name = typeof fileName === 'string' && fileName !== '' ? { name: cleanFileName(fileName) } : {};
  const parsed = metadataSchema.safeParse({ ...name, ...data.metadata }, { reportInput: true });
  if (!parsed.success) {
    const faults = faultsOf(parsed.error, ['metadata']).map(({ field, message }) => {
      const origin = origins[field.replace(/\[.*/, '')];
      return `${field} ${message}${origin === undefined ? '' : ` (from ${origin})`}`;
    });
    throw new JobFailure(
      'SOURCE_ANSWER_UNREADABLE',
      `The source's details cannot be used: ${faults.slice(0, 10).join('; ')}`,
    );
  }
  const { source, subject } = job;
  await services.assets.merge({ source, subject, order }, metadataWishes(parsed.data));
}
