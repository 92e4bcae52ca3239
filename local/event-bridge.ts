import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import { json } from 'node:stream/consumers';
import * as z from 'zod';
import { eventPatternSchema, matchesPattern, type EventPattern } from './event-pattern.ts';
import { listen, type Listening } from './listen.ts';
import { toQueue, type OutgoingText } from './to-queue.ts';

const nameSchema = z.string().min(1).max(256);
const entrySchema = z.object({
  EventBusName: z.string().optional(),
  Source: z.string().optional(),
  DetailType: z.string().optional(),
  Detail: z.string().optional(),
  Resources: z.array(z.string()).default([]),
  /** Seconds since 1970. */
  Time: z.number().optional(),
  TraceHeader: z.string().optional(),
});
type Entry = z.output<typeof entrySchema>;
const targetSchema = z.object({
  Id: z.string(),
  Arn: z.string().regex(/^arn:aws:sqs:/, 'must be a queue: the local EventBridge knows no other target'),
  DeadLetterConfig: z.object({ Arn: z.string() }).optional(),
  RetryPolicy: z.unknown().optional(),
});
type Target = z.output<typeof targetSchema>;
const ruleSchema = z.object({
  Name: nameSchema,
  EventBusName: nameSchema,
  EventPattern: z
    .string()
    .transform((text): unknown => JSON.parse(text))
    .pipe(eventPatternSchema),
  State: z.enum(['ENABLED', 'DISABLED']).default('ENABLED'),
});

interface Rule {
  readonly arn: string;
  readonly bus: string;
  readonly pattern: EventPattern;
  readonly isEnabled: boolean;
  targets: readonly Target[];
}

class EventBridgeError extends Error {
  override readonly name: string;
  constructor(name: string, message: string) {
    super(message);
    this.name = name;
  }
}

const account = '000000000000';
/** Of all entries of a request together. */
const largestRequestBytes = 1_048_576;

/**
 * An EventBridge of our own, in the AWS JSON 1.1 protocol: CreateEventBus, PutRule, PutTargets, and PutEvents, whose
 * events are in the queues of their rules when it answers. As in AWS, an entry that is wrong fails by itself, and one
 * for a bus that does not exist is taken and goes nowhere.
 * https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html
 * @param sqsUrl where SQS answers
 */
export async function startEventBridge(region: string, sqsUrl: () => Promise<string>): Promise<Listening> {
  const arnOf = (what: string): string => `arn:aws:events:${region}:${account}:${what}`;
  const buses = new Set(['default']);
  const rules = new Map<string, Rule>();
  const keyOf = (bus: string, rule: string): string => `${busName(bus)}/${rule}`;

  const deliver = async (bus: string, event: EventOfBridge, trace: string | undefined): Promise<void> => {
    const meant = [...rules.values()].filter(
      (rule) => rule.bus === bus && rule.isEnabled && matchesPattern(rule.pattern, event),
    );
    const endpoint = await sqsUrl();
    const send = (message: OutgoingText): Promise<void> => toQueue(endpoint, region, message);
    for (const { arn, targets } of meant) {
      for (const target of targets) await sendTo(target, arn, JSON.stringify(event), trace, send);
    }
  };
  const put = async (entry: Entry): Promise<Record<string, string>> => {
    const fault = faultOf(entry);
    if (fault !== null) return fault;
    const id = randomUUID();
    const bus = busName(entry.EventBusName ?? 'default');
    if (buses.has(bus)) await deliver(bus, eventOf(entry, id, region), entry.TraceHeader);
    return { EventId: id };
  };
  const operations: Record<
    string,
    (input: unknown) => Record<string, unknown> | Promise<Record<string, unknown>>
  > = {
    CreateEventBus: (input) => {
      const { Name } = z.object({ Name: nameSchema }).parse(input);
      if (buses.has(Name)) {
        throw new EventBridgeError('ResourceAlreadyExistsException', `Event bus ${Name} already exists.`);
      }
      buses.add(Name);
      return { EventBusArn: arnOf(`event-bus/${Name}`) };
    },
    PutRule: (input) => {
      const { Name, EventBusName, EventPattern: pattern, State } = ruleSchema.parse(input);
      const key = keyOf(EventBusName, Name);
      const arn = arnOf(`rule/${key}`);
      const targets = rules.get(key)?.targets ?? [];
      rules.set(key, { arn, bus: busName(EventBusName), pattern, isEnabled: State === 'ENABLED', targets });
      return { RuleArn: arn };
    },
    PutTargets: (input) => {
      const schema = z.object({ Rule: nameSchema, EventBusName: nameSchema, Targets: z.array(targetSchema) });
      const { Rule: name, EventBusName, Targets } = schema.parse(input);
      const rule = rules.get(keyOf(EventBusName, name));
      if (rule === undefined) {
        throw new EventBridgeError('ResourceNotFoundException', `Rule ${name} does not exist on its bus.`);
      }
      const others = rule.targets.filter(({ Id }) => Targets.every((target) => target.Id !== Id));
      rule.targets = [...others, ...Targets];
      return { FailedEntryCount: 0, FailedEntries: [] };
    },
    PutEvents: async (input) => {
      const { Entries } = z.object({ Entries: z.array(entrySchema) }).parse(input);
      assertFew(Entries);
      const results: Record<string, string>[] = [];
      for (const entry of Entries) results.push(await put(entry));
      return { FailedEntryCount: results.filter((one) => 'ErrorCode' in one).length, Entries: results };
    },
  };

  const answer = async (request: IncomingMessage): Promise<Record<string, unknown>> => {
    const target = String(request.headers['x-amz-target']).replace('AWSEvents.', '');
    const operation = Object.hasOwn(operations, target) ? operations[target] : undefined;
    if (operation === undefined) {
      throw new EventBridgeError('UnknownOperationException', `${target} is not known here.`);
    }
    return operation(await json(request));
  };
  return listen(
    createServer((request, response) => {
      const reply = (status: number, body: Record<string, unknown>): void => {
        response
          .writeHead(status, {
            'content-type': 'application/x-amz-json-1.1',
            'x-amzn-requestid': randomUUID(),
          })
          .end(JSON.stringify(body));
      };
      answer(request).then(
        (body) => reply(200, body),
        (error: unknown) => reply(400, { __type: typeOf(error), message: messageOf(error) }),
      );
    }),
  );
}

/** A bus may be named by its ARN too. */
function busName(nameOrArn: string): string {
  return nameOrArn.split(':event-bus/').at(-1) ?? nameOrArn;
}

function assertFew(entries: readonly Entry[]): void {
  const many = entries.length > 10;
  if (entries.length === 0 || many) {
    const length = many ? 'less than or equal to 10' : 'greater than or equal to 1';
    const message = `1 validation error detected: Value '[PutEventsRequestEntry]' at 'entries' failed to satisfy constraint: Member must have length ${length}`;
    throw new EventBridgeError('ValidationException', message);
  }
  if (entries.reduce((sum, entry) => sum + sizeOf(entry), 0) > largestRequestBytes) {
    const message = 'Total size of the entries in the request is over the limit.';
    throw new EventBridgeError('ValidationException', message);
  }
}

/** https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html, "Calculating PutEvents event entry size" */
function sizeOf({ Source = '', DetailType = '', Detail = '', Resources, Time }: Entry): number {
  const texts = [Source, DetailType, Detail, ...Resources];
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text), Time === undefined ? 0 : 14);
}

/** https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsResultEntry.html */
function faultOf(entry: Entry): { ErrorCode: string; ErrorMessage: string } | null {
  for (const name of ['Source', 'DetailType', 'Detail'] as const) {
    if (entry[name] === undefined || entry[name] === '') {
      const ErrorMessage = `Parameter ${name} is not valid. Reason: ${name} is a required argument.`;
      return { ErrorCode: 'InvalidArgument', ErrorMessage };
    }
  }
  if (entry.Source?.startsWith('aws.') === true) {
    const ErrorMessage = 'Not authorized for the source.';
    return { ErrorCode: 'NotAuthorizedForSourceException', ErrorMessage };
  }
  return isObject(entry.Detail ?? '')
    ? null
    : { ErrorCode: 'MalformedDetail', ErrorMessage: 'Detail is malformed.' };
}

function isObject(text: string): boolean {
  try {
    return z.record(z.string(), z.unknown()).safeParse(JSON.parse(text)).success;
  } catch {
    return false;
  }
}

type EventOfBridge = ReturnType<typeof eventOf>;

/** https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-events-structure.html; its time has whole seconds. */
function eventOf({ Source, DetailType, Detail = '{}', Resources, Time }: Entry, id: string, region: string) {
  const time = new Date(Time === undefined ? Date.now() : Time * 1_000).toISOString();
  return {
    version: '0',
    id,
    'detail-type': DetailType ?? '',
    source: Source ?? '',
    account,
    time: time.replace(/\.\d+Z$/, 'Z'),
    region,
    resources: Resources,
    detail: JSON.parse(Detail) as unknown,
  };
}

/** What the queue does not take goes to the dead letters, as after the last retry. */
async function sendTo(
  { Arn, DeadLetterConfig }: Target,
  ruleArn: string,
  body: string,
  trace: string | undefined,
  send: (message: OutgoingText) => Promise<void>,
): Promise<void> {
  try {
    await send({ queueArn: Arn, body, ...(trace !== undefined && { trace }) });
  } catch (error) {
    if (DeadLetterConfig === undefined) return;
    const said = { RULE_ARN: ruleArn, TARGET_ARN: Arn, ERROR_CODE: 'INVALID_PARAMETER' };
    const texts = Object.entries({ ...said, ERROR_MESSAGE: messageOf(error) });
    const attributes = new Map(
      texts.map(([name, StringValue]) => [name, { DataType: 'String', StringValue }] as const),
    );
    await send({ queueArn: DeadLetterConfig.Arn, body, attributes: Object.fromEntries(attributes) });
  }
}

function typeOf(error: unknown): string {
  if (error instanceof EventBridgeError) return error.name;
  return error instanceof z.ZodError ? 'ValidationException' : 'InternalException';
}

function messageOf(error: unknown): string {
  if (error instanceof z.ZodError) return z.prettifyError(error);
  return error instanceof Error ? error.message : String(error);
}
