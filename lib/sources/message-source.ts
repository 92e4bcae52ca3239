import { withoutSecrets } from '../without-secrets.ts';
import type { Claim } from './event-message.ts';
import type { SourceRegistry } from './source-registry.ts';
import type { Source } from './source.ts';

/** A message that is nobody's: a person has to look at it. */
export class UnattributedMessage extends Error {
  override readonly name = 'UnattributedMessage';
}

const redrive = 'then redrive the dead-letter queue';
const longestName = 200;

/**
 * The source that a message is of: the one that was named with it; else the one whose topic it came by; else the one
 * that is called, or known as, what all of its events say; else, where one source alone has the door `queue`, that one.
 * It has to have the door `queue`.
 * @throws {UnattributedMessage} when that is not exactly one; it tells what was given, never which sources there are
 * @throws {Error} when the sources cannot be read
 */
export async function sourceOfMessage(claim: Claim, sources: SourceRegistry): Promise<Source> {
  const [first, ...others] = await Promise.all(asked(claim).map((one) => find(one, sources)));
  if (first === undefined) {
    const only = await onlyOpen(sources);
    if (only !== undefined) return only;
    throw new UnattributedMessage(
      'The message does not say whose it is. Send it with the name of its source in the message attribute "source".',
    );
  }
  const stranger = others.find(({ name }) => name !== first.name);
  if (stranger !== undefined) {
    const names = quoted(...(claim.names ?? []).slice(0, 3));
    throw new UnattributedMessage(
      `The events of the message come from several sources (${names}). Send those of each source in messages of their own.`,
    );
  }
  const { topicArn } = claim;
  if (topicArn !== undefined && first.topicArn !== undefined && first.topicArn !== topicArn) {
    throw new UnattributedMessage(
      `The message came by the topic ${quoted(topicArn)}, and the source ${quoted(first.name)} has another "topicArn".`,
    );
  }
  return first;
}

/** A source that is asked for: what tells it, and what to do where there is none, or more than one. */
interface Question {
  readonly what: string;
  readonly advice: string;
  readonly isMeant: (source: Source) => boolean;
  /** Whether it was not said to us, but is what events say of themselves, to whomever they come. */
  readonly isInEvents?: boolean;
}

function asked({ given, topicArn, names = [] }: Claim): Question[] {
  if (given !== undefined) {
    const what = `of the name ${quoted(given)}`;
    return [{ what, advice: 'Set it up', isMeant: ({ name }) => name === given }];
  }
  if (topicArn !== undefined) {
    const what = `with the "topicArn" ${quoted(topicArn)}`;
    return [{ what, advice: 'Give it to a source', isMeant: (source) => source.topicArn === topicArn }];
  }
  return names.map((known) => ({
    what: `called, or known as, ${quoted(known)}`,
    advice: 'Set it up, or add the name to the "knownAs" of one',
    isMeant: ({ name, knownAs }) => [name, `/${name}`, ...knownAs].includes(known),
    isInEvents: true,
  }));
}

async function find(
  { what, advice, isMeant, isInEvents }: Question,
  sources: SourceRegistry,
): Promise<Source> {
  const [found, another] = await sources.findAll((source) => isMeant(source) && isOpen(source));
  if (another !== undefined) {
    throw new UnattributedMessage(
      `There are several sources ${what}. Send the message with the name of one in the message attribute "source", or leave it to one of them alone, ${redrive}.`,
    );
  }
  if (found !== undefined) return found;
  if ([...sources.latest.values()].some(isMeant)) {
    throw new UnattributedMessage(
      `The source ${what} takes nothing from the queue. Add "queue" to its "doors", ${redrive}.`,
    );
  }
  const only = isInEvents === true ? await onlyOpen(sources, isMeant) : undefined;
  if (only !== undefined) return only;
  throw new UnattributedMessage(`There is no source ${what}. ${advice}, ${redrive}.`);
}

/**
 * The source that has the door `queue`, where it is the only one, as the secret says now: one that was set up a moment
 * ago has its events, and no other.
 */
async function onlyOpen(
  sources: SourceRegistry,
  isMeant: (source: Source) => boolean = () => false,
): Promise<Source | undefined> {
  if ((await sources.findAll(isOpen)).length !== 1) return undefined;
  const open = await sources.findAllNow(isOpen);
  const [only, another] = open.length === 1 ? open : open.filter(isMeant);
  return another === undefined ? only : undefined;
}

function isOpen({ doors }: Source): boolean {
  return doors.includes('queue');
}

/** A name is a stranger's: no more of it than helps. */
function quoted(...names: readonly string[]): string {
  return names.map((name) => `“${withoutSecrets(name).slice(0, longestName)}”`).join(', ');
}
