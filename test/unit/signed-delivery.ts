import { Webhook } from 'standardwebhooks';
import { parseSources } from '../../lib/sources/source-list.ts';
import type { Delivery, Source } from '../../lib/sources/source.ts';

export const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
export const otherSecret = `whsec_${Buffer.from('another secret of 24 by.').toString('base64')}`;
export const retiredSecret = `whsec_${Buffer.from('a retired secret of 27 byte').toString('base64')}`;
export const now = new Date('2026-06-01T12:00:00Z');
export const nowSeconds = now.getTime() / 1000;

export function sourceWith(...secrets: string[]): Source {
  const source = parseSources(JSON.stringify({ demo: { adapter: 'cloudevents', secrets } })).get('demo');
  if (source === undefined) throw new Error('There is no source.');
  return source;
}

export interface Signed {
  readonly body: Buffer;
  readonly id: string;
  readonly timestamp: string;
  readonly signature: string;
}

export const event = {
  specversion: '1.0',
  id: 'event-1',
  source: '/dam',
  type: 'asset.archive',
  subject: 'a',
  time: '2026-06-01T11:59:59Z',
};
export const text = JSON.stringify(event);

export function sign(body: string | Buffer = text, key = secret, at = nowSeconds): Signed {
  const signature = new Webhook(key).sign('msg_1', new Date(at * 1000), Buffer.from(body));
  return { body: Buffer.from(body), id: 'msg_1', timestamp: String(at), signature };
}

export function delivery(
  signed: Signed,
  headers: Readonly<Record<string, string | undefined>> = {},
): Delivery {
  return {
    headers: {
      'content-type': 'application/cloudevents+json',
      'webhook-id': signed.id,
      'webhook-timestamp': signed.timestamp,
      'webhook-signature': signed.signature,
      ...headers,
    },
    method: 'POST',
    path: '/events/demo',
    body: signed.body,
    receivedAt: new Date(),
  };
}
