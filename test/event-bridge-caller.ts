import { request } from 'undici';

export interface PutEventsAnswer {
  readonly status: number;
  readonly body: {
    readonly FailedEntryCount?: number;
    readonly Entries?: readonly {
      readonly EventId?: string;
      readonly ErrorCode?: string;
      readonly ErrorMessage?: string;
    }[];
    readonly __type?: string;
    readonly message?: string;
  };
}

/** PutEvents as the SDKs and the CLI of AWS send it. */
export async function putEvents(url: string, entries: readonly object[]): Promise<PutEventsAnswer> {
  const { statusCode, body } = await request(url, {
    method: 'POST',
    headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'AWSEvents.PutEvents' },
    body: JSON.stringify({ Entries: entries }),
  });
  return { status: statusCode, body: (await body.json()) as PutEventsAnswer['body'] };
}
