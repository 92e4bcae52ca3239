import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Duplex } from 'node:stream';
import { longestSocketIdleMs } from './retry-rules.ts';

/** What the clients of the AWS SDK are given beside their limits of time. */
export interface AwsSockets {
  readonly httpAgent: HttpAgent;
  readonly httpsAgent: HttpsAgent;
}

/** A client of the AWS SDK, as far as it matters here. */
export interface AwsClient {
  readonly middlewareStack: {
    add(
      middleware: <Input extends object, Output extends object>(
        next: (args: Input) => Promise<Output>,
      ) => (args: Input) => Promise<Output>,
      options: { step: 'finalizeRequest'; priority: 'low'; name: string },
    ): void;
  };
}

const mostSockets = 50;

/**
 * The pooled sockets of all clients of the SDK. A frozen container does not see its sockets die, and the SDK's three
 * attempts may all meet dead ones; so each attempt first gives up those that nobody has used for a second.
 */
export function createAwsSockets(now: () => number = Date.now): AwsSockets & {
  /** Lets a client's attempts begin with live sockets only. */
  readonly keepFresh: (client: AwsClient) => void;
} {
  const freeSince = new WeakMap<Duplex, number>();
  const agents = [
    new HttpAgent({ keepAlive: true, maxSockets: mostSockets }),
    new HttpsAgent({ keepAlive: true, maxSockets: mostSockets }),
  ] as const;
  for (const agent of agents) {
    const keepSocketAlive = agent.keepSocketAlive.bind(agent);
    agent.keepSocketAlive = (socket) => {
      freeSince.set(socket, now());
      return keepSocketAlive(socket);
    };
  }
  const giveUpIdle = (): void => {
    const usable = now() - longestSocketIdleMs;
    for (const { freeSockets } of agents) {
      for (const socket of Object.values(freeSockets).flatMap((sockets) => sockets ?? [])) {
        if ((freeSince.get(socket) ?? 0) <= usable) socket.destroy();
      }
    }
  };
  return {
    httpAgent: agents[0],
    httpsAgent: agents[1],
    keepFresh: (client) => {
      client.middlewareStack.add(
        (next) => (args) => {
          giveUpIdle();
          return next(args);
        },
        { step: 'finalizeRequest', priority: 'low', name: 'giveUpIdleSockets' },
      );
    },
  };
}
