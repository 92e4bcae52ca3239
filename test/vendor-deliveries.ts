import { createHash, createHmac, sign, type KeyObject } from 'node:crypto';

/** What a vendor posts, signed its way. */
export interface VendorDelivery {
  readonly path: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

const textOf = (body: unknown): string => (typeof body === 'string' ? body : JSON.stringify(body));

/** The canonical request of Contentful: method, path, signed headers and body, a line each. */
export function fromContentful(
  path: string,
  secret: string,
  action: string,
  payload: unknown,
  at: Date = new Date(),
): VendorDelivery {
  const body = textOf(payload);
  const names = [
    'content-type',
    'x-contentful-signed-headers',
    'x-contentful-timestamp',
    'x-contentful-topic',
  ];
  const headers: Record<string, string> = {
    'content-type': 'application/vnd.contentful.management.v1+json',
    'x-contentful-signed-headers': names.join(','),
    'x-contentful-timestamp': String(at.getTime()),
    'x-contentful-topic': `ContentManagement.Asset.${action}`,
  };
  const lines = ['POST', path, names.map((name) => `${name}:${headers[name]}`).join(';'), body];
  const signature = createHmac('sha256', secret).update(lines.join('\n')).digest('hex');
  return { path, body, headers: { ...headers, 'x-contentful-signature': signature } };
}

export function fromCloudinary(
  path: string,
  secret: string,
  payload: unknown,
  at: Date = new Date(),
): VendorDelivery {
  const body = textOf(payload);
  const timestamp = String(Math.floor(at.getTime() / 1_000));
  const signature = createHash('sha1').update(`${body}${timestamp}${secret}`).digest('hex');
  const headers = {
    'content-type': 'application/json',
    'x-cld-timestamp': timestamp,
    'x-cld-signature': signature,
  };
  return { path, body, headers };
}

/** HMAC-SHA256 over timestamp and body. */
export function fromHmac(
  path: string,
  secret: string,
  payload: unknown,
  at: Date = new Date(),
): VendorDelivery {
  const body = textOf(payload);
  const time = String(Math.floor(at.getTime() / 1_000));
  const signature = createHmac('sha256', secret).update(`${time}.${body}`).digest('hex');
  const headers = {
    'content-type': 'application/json',
    'x-time': time,
    'x-signature': `sha256=${signature}`,
  };
  return { path, body, headers };
}

export function fromAdobe(path: string, key: KeyObject, payload: unknown): VendorDelivery {
  const body = textOf(payload);
  const headers = {
    'content-type': 'application/cloudevents+json',
    'x-adobe-digital-signature-1': sign('sha256', Buffer.from(body), key).toString('base64'),
    'x-adobe-public-key1-path': '/prod/keys/pub-key-lyTiz3gQe4.pem',
  };
  return { path, body, headers };
}
