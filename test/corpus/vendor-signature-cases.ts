import { createHash, createHmac } from 'node:crypto';
import { publishedAsset } from '../fixtures/vendors/contentful.ts';
import { upload } from '../fixtures/vendors/cloudinary.ts';
import { fromCloudinary, fromContentful, fromHmac, type VendorDelivery } from '../vendor-deliveries.ts';

/** A delivery that claims to be a vendor's, and is none. */
export interface VendorForgery {
  readonly name: string;
  readonly source: 'contentful' | 'cloudinary' | 'pim' | 'sns';
  readonly forge: (path: string, secret: string) => VendorDelivery;
}

const minutesAgo = (minutes: number): Date => new Date(Date.now() - minutes * 60_000);
const other = 'cd'.repeat(32);
const payload = { id: 'a', what: 'asset.archive', sku: 'x', when: '2026-01-01T00:00:00Z' };

const contentful = (path: string, secret: string, at?: Date) =>
  fromContentful(path, secret, 'publish', publishedAsset, at);
const cloudinary = (path: string, secret: string, at?: Date) => fromCloudinary(path, secret, upload, at);
const pim = (path: string, secret: string, at?: Date) => fromHmac(path, secret, payload, at);
const makers = { contentful, cloudinary, pim };

function changed(
  delivery: VendorDelivery,
  headers: Readonly<Record<string, string>>,
  body = delivery.body,
): VendorDelivery {
  const kept = Object.entries({ ...delivery.headers, ...headers }).filter(([, value]) => value !== '');
  return { ...delivery, body, headers: Object.fromEntries(kept) };
}

/** The same for each vendor: whoever signs, what is signed, and when. */
const common = (Object.keys(makers) as (keyof typeof makers)[]).flatMap((source): VendorForgery[] => {
  const make = makers[source];
  return [
    { name: `${source}-other-secret`, source, forge: (path) => make(path, other) },
    { name: `${source}-empty-secret`, source, forge: (path) => make(path, '') },
    { name: `${source}-old`, source, forge: (path, secret) => make(path, secret, minutesAgo(180)) },
    { name: `${source}-future`, source, forge: (path, secret) => make(path, secret, minutesAgo(-180)) },
    {
      name: `${source}-altered-body`,
      source,
      forge: (path, secret) => {
        const delivery = make(path, secret);
        return changed(delivery, {}, `${delivery.body} `);
      },
    },
    {
      name: `${source}-reserialised-body`,
      source,
      forge: (path, secret) => {
        const delivery = make(path, secret);
        return changed(delivery, {}, JSON.stringify(JSON.parse(delivery.body), null, 1));
      },
    },
    {
      name: `${source}-unsigned`,
      source,
      forge: (path) => ({ ...make(path, other), headers: { 'content-type': 'application/json' } }),
    },
  ];
});

function signContentful(
  path: string,
  secret: string,
  headers: Record<string, string>,
  body: string,
): VendorDelivery {
  const names = (headers['x-contentful-signed-headers'] ?? '').split(',');
  const lines = [
    'POST',
    path,
    names
      .toSorted()
      .map((name) => `${name}:${headers[name]}`)
      .join(';'),
    body,
  ];
  const signature = createHmac('sha256', secret).update(lines.join('\n')).digest('hex');
  return { path, body, headers: { ...headers, 'x-contentful-signature': signature } };
}

export const vendorForgeries: readonly VendorForgery[] = [
  ...common,
  {
    // The signature is right, and leaves out what says what is to be done.
    name: 'contentful-topic-unsigned',
    source: 'contentful',
    forge: (path, secret) => {
      const { headers, body } = contentful(path, secret);
      const listed = {
        ...headers,
        'x-contentful-signed-headers': 'x-contentful-signed-headers,x-contentful-timestamp',
      };
      return signContentful(path, secret, listed, body);
    },
  },
  {
    name: 'contentful-timestamp-unsigned',
    source: 'contentful',
    forge: (path, secret) => {
      const { headers, body } = contentful(path, secret);
      const listed = {
        ...headers,
        'x-contentful-signed-headers': 'x-contentful-signed-headers,x-contentful-topic',
      };
      return signContentful(path, secret, listed, body);
    },
  },
  {
    name: 'contentful-other-topic',
    source: 'contentful',
    forge: (path, secret) =>
      changed(contentful(path, secret), { 'x-contentful-topic': 'ContentManagement.Asset.delete' }),
  },
  {
    name: 'contentful-more-signed-headers',
    source: 'contentful',
    forge: (path, secret) => {
      const delivery = contentful(path, secret);
      const names = `${delivery.headers['x-contentful-signed-headers']},accept`;
      return changed(delivery, { 'x-contentful-signed-headers': names, accept: '*/*' });
    },
  },
  {
    name: 'contentful-other-path',
    source: 'contentful',
    forge: (path, secret) => ({ ...contentful('/events/elsewhere', secret), path }),
  },
  {
    name: 'contentful-plain-body-hmac',
    source: 'contentful',
    forge: (path, secret) => {
      const delivery = contentful(path, secret);
      return changed(delivery, {
        'x-contentful-signature': createHmac('sha256', secret).update(delivery.body).digest('hex'),
      });
    },
  },
  {
    name: 'cloudinary-other-timestamp',
    source: 'cloudinary',
    forge: (path, secret) => {
      const delivery = cloudinary(path, secret);
      return changed(delivery, {
        'x-cld-timestamp': String(Number(delivery.headers['x-cld-timestamp']) + 1),
      });
    },
  },
  {
    name: 'cloudinary-moved-boundary',
    source: 'cloudinary',
    // Body and timestamp are signed without anything between them: a digit that moves over must not go unseen.
    forge: (path, secret) => {
      const delivery = cloudinary(path, secret);
      const timestamp = delivery.headers['x-cld-timestamp'] ?? '';
      return changed(delivery, { 'x-cld-timestamp': timestamp.slice(1) }, `${delivery.body}${timestamp[0]}`);
    },
  },
  {
    name: 'cloudinary-hmac-instead-of-hash',
    source: 'cloudinary',
    forge: (path, secret) => {
      const delivery = cloudinary(path, secret);
      const text = `${delivery.body}${delivery.headers['x-cld-timestamp']}`;
      return changed(delivery, { 'x-cld-signature': createHmac('sha1', secret).update(text).digest('hex') });
    },
  },
  {
    name: 'cloudinary-other-algorithm',
    source: 'cloudinary',
    forge: (path, secret) => {
      const delivery = cloudinary(path, secret);
      const text = `${delivery.body}${delivery.headers['x-cld-timestamp']}${secret}`;
      return changed(delivery, { 'x-cld-signature': createHash('sha256').update(text).digest('hex') });
    },
  },
  {
    name: 'pim-other-timestamp',
    source: 'pim',
    forge: (path, secret) => {
      const delivery = pim(path, secret);
      return changed(delivery, { 'x-time': String(Number(delivery.headers['x-time']) - 1) });
    },
  },
  {
    name: 'pim-no-prefix',
    source: 'pim',
    forge: (path, secret) => {
      const delivery = pim(path, secret);
      return changed(delivery, {
        'x-signature': (delivery.headers['x-signature'] ?? '').replace('sha256=', ''),
      });
    },
  },
  {
    name: 'pim-cut-digest',
    source: 'pim',
    forge: (path, secret) => {
      const delivery = pim(path, secret);
      return changed(delivery, { 'x-signature': (delivery.headers['x-signature'] ?? '').slice(0, -2) });
    },
  },
];

/** What the vendors really send. */
export const honest: readonly VendorForgery[] = (Object.keys(makers) as (keyof typeof makers)[]).map(
  (source) => ({
    name: `${source}-honest`,
    source,
    forge: (path, secret) => makers[source](path, secret),
  }),
);
