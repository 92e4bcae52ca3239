import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import middy, { type MiddlewareObj } from '@middy/core';
import type {
  APIGatewayProxyEventV2,
  APIGatewayProxyStructuredResultV2,
  Context,
  SQSBatchResponse,
  SQSEvent,
  SQSRecord,
} from 'aws-lambda';
import type * as z from 'zod';
import { bindWork, nameWork, type WorkFacts } from './current-work.ts';
import { HttpProblem } from './problem.ts';
import { factsOfMessage, readMessage, traceAttribute } from './queues.ts';
import { farewellMs, hiddenSeconds, leastToBeginMs } from './retry-rules.ts';
import { getServices, type Services } from './services.ts';
import { traceIdOfParent, traceIdOfXRay } from './trace-id.ts';

/** A request as the stories see it. */
export interface HttpRequest {
  readonly method: string;
  /** Path and query as they were called. */
  readonly target: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly path: Readonly<Record<string, string | undefined>>;
  readonly query: Readonly<Record<string, string | undefined>>;
  /** The bytes as they were sent. */
  readonly body: Buffer;
}

/** What an invocation has beside its message. */
export interface Invocation {
  readonly services: Services;
  /** Until Lambda ends the invocation. */
  readonly remainingMs: () => number;
  /** What `remainingMs` was at the beginning: no invocation of this function has more. */
  readonly wholeMs: number;
  /** Aborts shortly before Lambda ends the invocation, so that it can still say what became of it. */
  readonly signal: AbortSignal;
}

/** What an invocation for a message has. */
export interface MessageInvocation extends Invocation {
  /** When the message was sent; NaN when SQS does not say. */
  readonly sentAtMs: number;
  /** How often it was received, this time included. */
  readonly receives: number;
  /** The texts and numbers that were sent beside the message, by name. */
  readonly attributes: Readonly<Record<string, string>>;
}

/**
 * The handler of a route of the HTTP API (payload format 2.0). The story answers, or throws an HttpProblem;
 * anything else it throws is our own fault and becomes `onFault`, never a 4xx.
 */
export function httpHandler(
  story: (request: HttpRequest, invocation: Invocation) => Promise<APIGatewayProxyStructuredResultV2>,
  onFault: HttpProblem = new HttpProblem(500, 'The connector could not answer. Try again later.'),
) {
  return middy<APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2>()
    .use(observability())
    .use(problems(onFault))
    .handler((event, context) => {
      const invocation = invocationOf(context);
      const about = factsOfRequest(event, invocation);
      return bindWork({ about }, () =>
        story(requestOf(event), invocation).catch((error: unknown) => {
          // Where it is known what the request was about.
          throw logged(error, onFault);
        }),
      );
    });
}

/** There was too little time left to begin with a message. */
class NotBegun extends Error {
  override readonly name = 'NotBegun';
}

/**
 * The handler of a schedule. An error is left to Lambda, which counts it and calls again.
 */
export function scheduleHandler(story: (invocation: Invocation) => Promise<void>) {
  return middy<unknown, void>()
    .use(observability())
    .handler((_event, context) => {
      const invocation = invocationOf(context);
      return bindWork({ signal: invocation.signal }, () => story(invocation));
    });
}

/**
 * The handler of a queue. Each message is checked against the schema and told on its own; one that throws goes
 * back to the queue, and in the end to its dead-letter queue, without holding up the others.
 *
 * The messages of a batch are told side by side, so that each has the whole time of the invocation. Near its end
 * none is begun: it is shown again at once, for another container. What is under way then is stopped by the signal,
 * every call to Showpad included, and its step is put off.
 */
export function sqsHandler<T>(
  schema: z.ZodType<T>,
  story: (message: T, invocation: MessageInvocation) => Promise<void>,
) {
  return queueHandler((body) => readMessage(schema, body), story);
}

/** The same for a queue that others send to: its messages may be any text. */
export function sqsTextHandler(story: (text: string, invocation: MessageInvocation) => Promise<void>) {
  return queueHandler((body) => body, story);
}

function queueHandler<T>(
  read: (body: string) => T,
  story: (message: T, invocation: MessageInvocation) => Promise<void>,
) {
  return middy<SQSEvent, SQSBatchResponse>()
    .use(observability())
    .handler((event, context) => {
      const invocation = invocationOf(context);
      const { signal } = invocation;
      const tell = (record: SQSRecord): Promise<void> =>
        bindWork({ signal, about: factsOfRecord(record) }, async () => {
          try {
            if (invocation.remainingMs() < leastToBeginMs) throw new NotBegun('Too little time is left.');
            const message = read(record.body);
            const sentAtMs = Number(record.attributes.SentTimestamp);
            const receives = Number(record.attributes.ApproximateReceiveCount);
            await story(message, { ...invocation, sentAtMs, receives, attributes: attributesOf(record) });
          } catch (error) {
            await giveBack(record, asError(error), invocation);
            throw error;
          }
        });
      return processPartialResponse(event, tell, new BatchProcessor(EventType.SQS), {
        context,
        throwOnFullBatchFailure: false,
      });
    });
}

/** Says what a message could not be handled for, and lets it come again. */
async function giveBack(record: SQSRecord, error: Error, { services }: Invocation): Promise<void> {
  const { messageId, attributes, eventSourceARN, receiptHandle } = record;
  const receives = attributes.ApproximateReceiveCount;
  const { logger, queues } = services;
  nameWork({ messageId });
  let delaySeconds = 0;
  if (error instanceof NotBegun) logger.info('message not begun', { receives });
  else {
    logger.error('message failed', { receives, error });
    const { noteFault } = await import('./message-fault.ts');
    const isLast = await noteFault(services, record, error);
    // The next receive makes it a dead letter.
    delaySeconds = isLast ? 0 : hiddenSeconds(Number(receives));
  }
  // Where this fails too, the visibility timeout brings the message back.
  await queues.showAgain(eventSourceARN, receiptHandle, delaySeconds).catch((cause: unknown) => {
    logger.warn('message keeps its visibility timeout', { error: asError(cause) });
  });
}

function observability(): MiddlewareObj {
  const end = async (): Promise<void> => {
    const { metrics, endInvocation } = getServices();
    metrics.publish();
    await endInvocation();
  };
  return {
    before: ({ context }) => {
      getServices().logger.addContext(context);
    },
    after: end,
    onError: end,
  };
}

function problems(
  onFault: HttpProblem,
): MiddlewareObj<APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2> {
  return {
    onError: (request) => {
      request.response = logged(request.error, onFault).toResponse();
    },
  };
}

/** The problem that an error is for the caller; what is our own fault is logged. */
function logged(error: unknown, onFault: HttpProblem): HttpProblem {
  if (error instanceof HttpProblem) return error;
  getServices().logger.error('request failed', { error: asError(error) });
  return onFault;
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

/** The trace that a request came with: its sender's, else the one that AWS has begun for it. */
function factsOfRequest({ headers }: APIGatewayProxyEventV2, { services }: Invocation): WorkFacts {
  const traceId =
    traceIdOfParent(headers['traceparent']) ??
    traceIdOfXRay(headers['x-amzn-trace-id']) ??
    traceIdOfXRay(services.xRayHeader());
  return { traceId };
}

/** A message that a person or a stranger has sent may lack every attribute, or hold anything in it. */
function factsOfRecord(record: Partial<SQSRecord>): WorkFacts {
  const { body = '', attributes } = record;
  const { [traceAttribute]: traceId, traceparent } = attributesOf(record);
  const facts = factsOfMessage(body, traceId);
  return {
    ...facts,
    traceId: facts.traceId ?? traceIdOfParent(traceparent) ?? traceIdOfXRay(attributes?.AWSTraceHeader),
  };
}

function attributesOf({ messageAttributes = {} }: Partial<SQSRecord>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(messageAttributes).flatMap(([name, { stringValue }]) =>
      stringValue === undefined ? [] : [[name, stringValue]],
    ),
  );
}

function requestOf(event: APIGatewayProxyEventV2): HttpRequest {
  const query = event.rawQueryString === '' ? '' : `?${event.rawQueryString}`;
  return {
    method: event.requestContext.http.method,
    target: `${event.rawPath}${query}`,
    headers: event.headers,
    path: event.pathParameters ?? {},
    query: event.queryStringParameters ?? {},
    body: Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8'),
  };
}

function invocationOf(context: Context): Invocation {
  const remainingMs = (): number => context.getRemainingTimeInMillis();
  const wholeMs = remainingMs();
  const signal = AbortSignal.timeout(Math.max(1, wholeMs - farewellMs));
  return { services: getServices(), remainingMs, wholeMs, signal };
}
