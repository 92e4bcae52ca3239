import { AsyncLocalStorage } from 'node:async_hooks';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { AroundInvocation } from '../../local/lambda.ts';
import { resetServices } from '../../lib/services.ts';

/** One call to AWS by the code of a function. */
export interface AwsCall {
  /** `upload-asset` */
  readonly functionName: string;
  /** `SendMessageCommand` */
  readonly command: string;
  readonly input: unknown;
  /** The name of the error that was the answer. */
  readonly error: string | undefined;
}

interface AnyCommand {
  readonly constructor: { readonly name: string };
  readonly input: unknown;
}
type Send = (this: unknown, command: AnyCommand, ...rest: unknown[]) => Promise<unknown>;

/** Answers a command in the place of an emulator that does not know it; undefined leaves it to the emulator. */
export type StandIn = (command: string, input: unknown) => object | undefined;

/** What the functions of a stack in this process ask of AWS, whether AWS does it or not. */
export class AwsCallLog {
  readonly calls: AwsCall[] = [];
  readonly #invoked = new Set<string>();
  readonly #functionName = new AsyncLocalStorage<string>();

  /**
   * For the stack's option of this name. Every invocation has a container of its own, so that what one function has
   * read, such as a secret, is never there for another.
   */
  readonly around: AroundInvocation = (functionName, _event, invoke) => {
    this.#invoked.add(functionName);
    void resetServices();
    return this.#functionName.run(functionName, invoke);
  };

  /** The functions that were invoked, whether they asked for anything or not. */
  get functionNames(): readonly string[] {
    return [...this.#invoked];
  }

  /**
   * Begins to listen to all clients of the SDK, which have one class in common.
   * @returns the way back
   */
  watch(standIn: StandIn = () => undefined): () => void {
    const clients = Object.getPrototypeOf(DynamoDBClient.prototype) as { send: Send };
    const { send } = clients;
    const functionName = (): string | undefined => this.#functionName.getStore();
    const { calls } = this;
    clients.send = async function (command, ...rest) {
      const caller = functionName();
      if (caller === undefined) return send.call(this, command, ...rest);
      const call = { functionName: caller, command: command.constructor.name, input: command.input };
      try {
        const answer = standIn(call.command, call.input) ?? (await send.call(this, command, ...rest));
        calls.push({ ...call, error: undefined });
        return answer;
      } catch (error) {
        calls.push({ ...call, error: error instanceof Error ? error.name : String(error) });
        throw error;
      }
    };
    return () => {
      clients.send = send;
    };
  }
}
