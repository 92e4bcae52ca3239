/** As on the wire: `BinaryValue` is base64. */
export interface MessageAttribute {
  readonly DataType: string;
  readonly StringValue?: string | undefined;
  readonly BinaryValue?: string | undefined;
}
export type MessageAttributes = Readonly<Record<string, MessageAttribute>>;

/** What a sender says. */
export interface MessageContent {
  readonly body: string;
  readonly attributes: MessageAttributes;
  readonly traceHeader: string | null;
  readonly groupId: string | null;
}

/** A message where it is now; times are milliseconds since 1970. */
export interface Message {
  readonly id: string;
  /** Its place in the order of sending, unique among all queues. */
  readonly sequence: number;
  readonly content: MessageContent;
  readonly sentAt: number;
  receiveCount: number;
  firstReceivedAt: number | null;
  /** The queue whose dead letter it is. */
  deadLetterSourceArn: string | null;
  /** `taken`: on its way from one place to another. */
  state: 'visible' | 'delayed' | 'inFlight' | 'taken' | 'gone';
  /** When a delayed message, or one in flight, becomes visible. */
  hiddenUntil: number;
  /** When it was received the last time. */
  receivedAt: number;
}
