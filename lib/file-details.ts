import { metadataWishes } from './desired-state.ts';
import type { EventOrder } from './event-order.ts';
import { faultsOf, type RequestedFile } from './events.ts';
import { cleanFileName } from './file-name.ts';
import type { Job } from './jobs.ts';
import { metadataSchema } from './metadata.ts';
import { JobFailure } from './reasons.ts';
import type { Services } from './services.ts';
import { applyMapping } from './sources/apply-mapping.ts';
import type { Mapping } from './sources/mapping.ts';
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
  await layDetails(services, job, order, details.mapping, answer);
}

/**
 * Lays what a source's API answered into the desired state.
 * @throws {JobFailure} SOURCE_ANSWER_UNREADABLE, with every field that is wrong and where it came from
 */
export async function layDetails(
  { assets }: Pick<Services, 'assets'>,
  { source, subject }: Pick<Job, 'source' | 'subject'>,
  order: EventOrder,
  mapping: Mapping,
  answer: unknown,
): Promise<void> {
  const { data, origins } = applyMapping(mapping, { body: answer, headers: {} });
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
  await assets.merge({ source, subject, order }, metadataWishes(parsed.data));
}
