import type { Connector, JobView } from '../connector.ts';
import type { EmulatedUser } from '../../local/showpad/user-resource.ts';
import type { RequestRecord } from '../../local/showpad/request-log.ts';

export interface RecipientView {
  readonly email: string;
  readonly state: string;
  readonly assetId: string | null;
  readonly ticketId: string | null;
  readonly error: { readonly code: string; readonly message: string } | null;
}

export interface PushView extends JobView {
  readonly recipients: readonly RecipientView[];
}

/** Pushes into the My Files of a connector's people, and what Showpad saw of them. */
export interface Pushes {
  /** Sends a `myfiles.upload` event and answers with its job when nothing is left to do. */
  readonly push: (data: Readonly<Record<string, unknown>>) => Promise<PushView>;
  /** Tries a job again and answers with it when nothing is left to do. */
  readonly retry: (id: string) => Promise<PushView>;
  readonly person: (email: string) => EmulatedUser;
  readonly uploads: () => readonly RequestRecord[];
  /** The times between two looks at the same ticket, in milliseconds. */
  readonly pollGapsMs: () => readonly number[];
}

export function pushesOf(connector: Connector): Pushes {
  const { showpad, stack } = connector;
  return {
    push: async (data) =>
      (await connector.finish({ type: 'myfiles.upload', subject: 'for-you', data })) as PushView,
    retry: async (id) => {
      await connector.post(`/jobs/${id}/retry`, '', {});
      await stack.settled();
      return (await connector.get<PushView>(`/jobs/${id}`)).body;
    },
    person: (email) => {
      const user = showpad.users.find((one) => one.email === email);
      if (user === undefined) throw new Error(`The emulator should know ${email}.`);
      return user;
    },
    uploads: () =>
      showpad.requests.filter(
        ({ method, path }) => method === 'POST' && /^\/api\/v3\/divisions\/.*\/assets/u.test(path),
      ),
    pollGapsMs: () => {
      const polls = showpad.requests.filter(
        ({ method, path }) => method === 'GET' && /^\/api\/v3\/tickets\/\w+\.json$/u.test(path),
      );
      return [...Map.groupBy(polls, ({ path }) => path).values()].flatMap((looks) => {
        const times = looks.map(({ receivedAt }) => Date.parse(receivedAt));
        return times.slice(1).map((time, index) => time - (times[index] ?? 0));
      });
    },
  };
}
