import { AsyncLocalStorage } from 'node:async_hooks';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { Agent, type Dispatcher } from 'undici';
import * as z from 'zod';
import type { AroundInvocation } from '../../local/lambda.ts';

/** What one invocation asked for. */
export interface InvocationUsage {
  readonly functionName: string;
  /** Messages from its queue; 0 for one that came by another way. */
  readonly messages: number;
  awsCalls: number;
  showpadCalls: number;
  /** Transfers of whole files, from a source or to an upload link. */
  transfers: number;
}

/** One call to AWS, whoever made it. */
export interface AwsCall {
  /** `SendMessage`, `UpdateItem`… */
  readonly action: string;
  readonly capacityUnits: number;
  readonly input: unknown;
  readonly output: unknown;
}

interface AnyCommand {
  readonly constructor: { readonly name: string };
  readonly input: Record<string, unknown>;
}
type Send = (this: unknown, command: AnyCommand, ...rest: unknown[]) => Promise<unknown>;
type Dispatch = (
  this: Agent,
  options: Dispatcher.DispatchOptions,
  handler: Dispatcher.DispatchHandler,
) => boolean;

const queueEvent = z.object({ Records: z.array(z.unknown()) });
const consumed = z.object({ ConsumedCapacity: z.object({ CapacityUnits: z.number() }) });

/** Everything that a stack in this process asks of AWS, of Showpad and of sources, by invocation. */
export class UsageLog {
  readonly invocations: InvocationUsage[] = [];
  readonly awsCalls: AwsCall[] = [];
  readonly #current = new AsyncLocalStorage<InvocationUsage>();

  /** For the stack's option of this name. */
  readonly around: AroundInvocation = (functionName, event, invoke) => {
    const messages = queueEvent.safeParse(event).data?.Records.length ?? 0;
    const usage = { functionName, messages, awsCalls: 0, showpadCalls: 0, transfers: 0 };
    this.invocations.push(usage);
    return this.#current.run(usage, invoke);
  };

  /**
   * Begins to listen.
   * @param showpadOrigin where Showpad's API answers
   * @returns the way back
   */
  watch(showpadOrigin: string): () => void {
    const clients = Object.getPrototypeOf(DynamoDBClient.prototype) as { send: Send };
    const { send } = clients;
    const record = (command: AnyCommand, output: unknown): void => {
      const action = command.constructor.name.replace(/Command$/, '');
      const capacityUnits = consumed.safeParse(output).data?.ConsumedCapacity.CapacityUnits ?? 0;
      this.awsCalls.push({ action, capacityUnits, input: command.input, output });
      const usage = this.#current.getStore();
      if (usage !== undefined) usage.awsCalls += 1;
    };
    clients.send = async function (command, ...rest) {
      if ('TableName' in command.input) Object.assign(command.input, { ReturnConsumedCapacity: 'TOTAL' });
      try {
        const output = await send.call(this, command, ...rest);
        record(command, output);
        return output;
      } catch (error) {
        record(command, undefined);
        throw error;
      }
    };

    const agents = Agent.prototype as { dispatch: Dispatch };
    const { dispatch } = agents;
    const countRequest = ({ origin = '', path }: Dispatcher.DispatchOptions): void => {
      const usage = this.#current.getStore();
      if (usage === undefined) return;
      const isApi = new URL(String(origin)).origin === showpadOrigin && /^\/(?:v4|api\/v3)\//.test(path);
      if (isApi) usage.showpadCalls += 1;
      else usage.transfers += 1;
    };
    agents.dispatch = function (options, handler) {
      countRequest(options);
      return dispatch.call(this, options, handler);
    };
    return () => {
      clients.send = send;
      agents.dispatch = dispatch;
    };
  }
}
