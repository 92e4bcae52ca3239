import { md5, type Connector, type JobView } from '../connector.ts';
import { chance, choice } from './chance.ts';
import { fileOf } from './flows.ts';
import type { Run } from './run.ts';
import type { Tale } from './tale.ts';

const people: readonly [string, ...string[]] = ['jo@example.com', 'sam@example.com', 'kim@example.com'];

export interface PushView extends JobView {
  readonly recipients: readonly {
    readonly email: string;
    readonly state: string;
    readonly error: { readonly code: string } | null;
  }[];
}

/**
 * After these nobody can know whether a file has arrived, for nobody may look into the My Files of others: from the
 * note that it is about to be sent, over the place in the line of all calls, to the call itself.
 */
const leavesUnknown = /^(?!repeat|answer|delay|echo).*(?:\/assets\.json|Update MYFILES SET copy|PACE\b.*) #/;

/** One file for one to three people, asked for once or twice: everybody has one copy in the end. */
export function pushStory(seed: number, { serve }: Connector): Tale {
  const subject = `seed-${seed}`;
  const extension = choice(['pdf', 'png'], seed, 'extension');
  const name = `${subject}.${extension}`;
  const content = fileOf(subject, extension);
  const url = serve(name, content);
  const count = 1 + Math.floor(chance(seed, 'recipients') * people.length);
  const recipients = people.slice(0, count);
  const events = Array.from({ length: 1 + Math.round(chance(seed, 'events')) }, (_none, index) => ({
    id: `${subject}-${index}`,
    type: 'myfiles.upload',
    data: { recipients, file: { url, name } },
  }));
  const deliveries = [...events, ...events].map((event, index) => ({
    event,
    atMs: Math.round(chance(seed, 'at', index) * 120_000),
  }));
  return {
    source: 'demo',
    subject,
    deliveries,
    problems: ({ connector }, run) => pushProblems(connector, run, recipients, md5(content)),
  };
}

/** Every way in which the pushes of a run broke what is promised. */
export async function pushProblems(
  { showpad, get }: Connector,
  run: Run,
  recipients: readonly string[],
  contentMd5: string,
): Promise<string[]> {
  const found: string[] = [];
  const copiesOf = (email: string): number => {
    const person = showpad.users.find((user) => user.email === email);
    return person?.myFiles.assets.filter((asset) => asset.md5 === contentMd5).length ?? 0;
  };
  for (const email of recipients) {
    if (copiesOf(email) > 1) found.push(`${email} has ${copiesOf(email)} copies`);
  }
  const mayBeUnknown = run.faults.some((fault) => leavesUnknown.test(fault));
  for (const id of run.jobIds) {
    const { state, error, recipients: told } = (await get<PushView>(`/jobs/${id}`)).body;
    const failed = told.filter((recipient) => recipient.state !== 'done');
    const isExplained =
      failed.every((recipient) => recipient.error?.code === 'OUTCOME_UNKNOWN') && mayBeUnknown;
    const isEnded =
      failed.length === 0 ? state === 'done' : error?.code === 'RECIPIENTS_FAILED' && isExplained;
    if (!isEnded) found.push(`job ${id} is ${state}: ${JSON.stringify({ error, told })}`);
    for (const recipient of told) {
      if (recipient.state === 'done' && copiesOf(recipient.email) !== 1)
        found.push(`${recipient.email} is told to have the file, and has ${copiesOf(recipient.email)}`);
    }
  }
  return found;
}
