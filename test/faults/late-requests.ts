import { Readable } from 'node:stream';
import { Agent, type Dispatcher } from 'undici';
import { outsideInvocations } from './invocation.ts';

type Options = Dispatcher.DispatchOptions;
type KeptRequest = Pick<Options, 'origin' | 'path' | 'method' | 'headers'> & {
  readonly body: string | Buffer | null;
};

/** A request with everything that was to be sent, for when its maker has long given up. */
export async function keptRequest({ origin, path, method, headers, body }: Options): Promise<KeptRequest> {
  const kept = { origin: origin ?? '', path, method, headers: headers ?? {} };
  if (typeof body === 'string' || body === null || body === undefined) return { ...kept, body: body ?? null };
  if (!(body instanceof Readable)) throw new TypeError('A body of this kind cannot be sent later.');
  return { ...kept, body: Buffer.concat((await body.toArray()) as Buffer[]) };
}

/** Makes a request whose maker has given up. */
export async function makeLater({ origin, path, method, headers, body }: KeptRequest): Promise<void> {
  await outsideInvocations(async () => {
    const agent = new Agent();
    try {
      const made = { origin: origin ?? '', path, method, body, headers: headers as Record<string, string> };
      const { body: answered } = await agent.request(made);
      await answered.dump();
    } finally {
      await agent.close();
    }
  });
}
