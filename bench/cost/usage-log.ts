import { AsyncLocalStorage } from 'node:async_hooks';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { Agent, type Dispatcher } from 'undici';
import * as z from 'zod';
import type { AroundInvocation } from '../../local/lambda.ts';

/** What one invocation asked for. */
export interface InvocationUsage {
  readonly functionName: string;
  readonly awsCalls: AwsCall[];
  showpadCalls: number;
  /** Transfers of whole files, from a source or to an upload link. */
  transfers: number;
  logBytes: number;
  /** Of the line in which all metrics of an invocation are told. */
  metricBytes: number;
}

/** One call to AWS. */
export interface AwsCall {
  /** `SendMessage`, `UpdateItem`… */
  readonly action: string;
  readonly capacityUnits: number;
  readonly input: unknown;
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

const consumed = z.object({ ConsumedCapacity: z.object({ CapacityUnits: z.number() }) });

const embeddedMetrics = z.object({
  _aws: z.object({
    CloudWatchMetrics: z.array(
      z.object({
        Dimensions: z.array(z.array(z.string())),
        Metrics: z.array(z.object({ Name: z.string() })),
      }),
    ),
  }),
});

/** The metrics that a line tells CloudWatch: a name with other values of its dimensions is another metric. */
function metricsOf(line: string): string[] {
  if (!line.includes('CloudWatchMetrics')) return [];
  const values = z.record(z.string(), z.unknown()).parse(JSON.parse(line));
  return embeddedMetrics
    .parse(values)
    ._aws.CloudWatchMetrics.flatMap(({ Dimensions, Metrics }) =>
      Dimensions.flatMap((names) =>
        Metrics.map(({ Name }) =>
          [Name, ...names.map((name) => `${name}=${String(values[name])}`)].join(' '),
        ),
      ),
    );
}

/** Everything that a stack in this process asks of AWS, of Showpad and of sources, by invocation. */
export class UsageLog {
  readonly invocations: InvocationUsage[] = [];
  /** The custom metrics that were told, each with its dimensions. */
  readonly metrics = new Set<string>();
  readonly #current = new AsyncLocalStorage<InvocationUsage>();

  /** For the stack's option of this name. */
  readonly around: AroundInvocation = (functionName, _event, invoke) => {
    const usage = { functionName, awsCalls: [], showpadCalls: 0, transfers: 0, logBytes: 0, metricBytes: 0 };
    this.invocations.push(usage);
    return this.#current.run(usage, invoke);
  };

  /**
   * Begins to listen. What is written to the standard output goes nowhere but into the count.
   * @param showpadOrigin where Showpad's API answers
   * @returns the way back
   */
  watch(showpadOrigin: string): () => void {
    const clients = Object.getPrototypeOf(DynamoDBClient.prototype) as { send: Send };
    const { send } = clients;
    const record = ({ constructor, input }: AnyCommand, output: unknown): void => {
      const action = constructor.name.replace(/Command$/, '');
      const capacityUnits = consumed.safeParse(output).data?.ConsumedCapacity.CapacityUnits ?? 0;
      this.#current.getStore()?.awsCalls.push({ action, capacityUnits, input });
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

    const { stdout } = process;
    const write = stdout.write.bind(stdout);
    stdout.write = (chunk: string | Uint8Array): boolean => {
      this.#countLine(Buffer.from(chunk));
      return true;
    };
    return () => {
      clients.send = send;
      agents.dispatch = dispatch;
      stdout.write = write;
    };
  }

  #countLine(line: Buffer): void {
    const metrics = metricsOf(line.toString());
    for (const name of metrics) this.metrics.add(name);
    const usage = this.#current.getStore();
    if (usage === undefined) return;
    if (metrics.length > 0) usage.metricBytes += line.length;
    else usage.logBytes += line.length;
  }
}
