import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Answer } from './answer.ts';
import type { FaultAction } from './faults.ts';

/** Reads so many bytes of the body, or all of it, and then leaves the rest unread. */
export function readUntil(request: IncomingMessage, bytes: number): Promise<void> {
  return new Promise((resolve) => {
    if (bytes === 0) {
      request.pause();
      resolve();
      return;
    }
    let count = 0;
    const onData = (chunk: Buffer) => {
      count += chunk.length;
      if (count < bytes) return;
      request.off('data', onData);
      request.pause();
      resolve();
    };
    request.on('data', onData);
    request.once('close', resolve);
    request.once('end', resolve);
    request.resume();
  });
}

/** The answer that a `status` fault gives. */
export function statusAnswer(
  action: Extract<FaultAction, { kind: 'status' }>,
  errorAnswer: (status: number) => Answer,
): Answer {
  const base: Answer =
    action.body === undefined
      ? action.status < 400
        ? { status: action.status }
        : errorAnswer(action.status)
      : typeof action.body === 'string'
        ? { status: action.status, text: action.body }
        : { status: action.status, json: action.body };
  const retryAfter = action.retryAfter === undefined ? {} : { 'retry-after': String(action.retryAfter) };
  return { ...base, headers: { ...base.headers, ...retryAfter, ...action.headers } };
}

/** Sends the answer; when its body is longer than `bodyBytes`, only so much of it before a broken connection. */
export function sendPart(response: ServerResponse, answer: Answer, bodyBytes: number): void {
  const body = Buffer.from(answer.json === undefined ? (answer.text ?? '') : JSON.stringify(answer.json));
  const mediaType = mediaTypeOf(answer);
  const headers: Record<string, string> = {
    ...(mediaType === null ? {} : { 'content-type': mediaType }),
    ...answer.headers,
  };
  if (answer.status !== 204) headers['content-length'] = String(body.length);
  response.writeHead(answer.status, headers);
  if (bodyBytes >= body.length) {
    response.end(body);
    return;
  }
  response.flushHeaders();
  const cut = () => response.socket?.destroySoon();
  if (bodyBytes === 0) cut();
  else response.write(body.subarray(0, bodyBytes), cut);
}

export function mediaTypeOf(answer: Answer): string | null {
  return answer.headers?.['content-type'] ?? (answer.json === undefined ? null : 'application/json');
}
