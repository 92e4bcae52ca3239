import { describe, expect, it } from 'vitest';
import { eventOrder } from '../../lib/event-order.ts';
import { hasDotSegment, placeOf, sidecarOf } from '../../lib/inbox/inbox-place.ts';
import { noticeOf, payloadOfRecord } from '../../lib/inbox/object-notice.ts';
import { inboxUrl, isDroppedUrl } from '../../lib/inbox-url.ts';
import { objectEventSchema, objectRecordSchema } from '../../lib/object-event.ts';

describe('an object of the inbox', () => {
  it.each([
    ['inbox/demo/a.pdf', 'demo', 'inbox/demo/a.pdf', false],
    ['inbox/demo/a/b c.pdf', 'demo', 'inbox/demo/a/b c.pdf', false],
    ['inbox/demo/a.pdf.json', 'demo', 'inbox/demo/a.pdf', true],
    ['inbox/demo/data.json.json', 'demo', 'inbox/demo/data.json', true],
    ['inbox/demo/data.json', 'demo', 'inbox/demo/data.json', false],
    ['inbox/demo/.pdf.json', 'demo', 'inbox/demo/.pdf.json', false],
    ['inbox/demo/a.pdf.JSON', 'demo', 'inbox/demo/a.pdf.JSON', false],
    ['inbox/demo/no extension as this.json', 'demo', 'inbox/demo/no extension as this.json', false],
    ['inbox/x.pdf', null, 'inbox/x.pdf', false],
    ['inbox//x.pdf', '', 'inbox//x.pdf', false],
  ])('%s lies in a folder, and is content or metadata', (key, source, fileKey, isSidecar) => {
    expect(placeOf(key)).toEqual({ source, fileKey, isSidecar });
  });

  it.each(['inbox/demo/', 'inbox/demo/folder/', 'files/demo/a.pdf', 'inbox', 'Inbox/demo/a.pdf'])(
    '%s is none',
    (key) => {
      expect(placeOf(key)).toBeNull();
    },
  );

  it('has its metadata beside it where its name has an extension and leaves room for another', () => {
    expect(sidecarOf('inbox/demo/a.pdf')).toBe('inbox/demo/a.pdf.json');
    expect(sidecarOf('inbox/demo/README')).toBeNull();
    expect(sidecarOf(`inbox/demo/${'ü'.repeat(503)}.pdf`)).toBeNull();
  });

  it('is named by a URL that leads to it and nowhere else', () => {
    const key = 'inbox/demo/50% ü?#&+/a.pdf';
    const url = new URL(inboxUrl('bucket', key));
    expect(decodeURIComponent(url.pathname.slice(1))).toBe(key);
    expect(isDroppedUrl(url.href)).toBe(true);
    expect(isDroppedUrl('s3://bucket/files/demo/inbox/a.pdf')).toBe(false);
    expect(hasDotSegment('inbox/demo/../a.pdf')).toBe(true);
    expect(hasDotSegment('inbox/demo/a..pdf')).toBe(false);
  });
});

describe('a notification of S3', () => {
  const record = (sequencer: string, eventName = 'ObjectCreated:Put', key = 'inbox/demo/a+b.pdf') =>
    objectRecordSchema.parse({
      eventName,
      eventTime: '2026-01-01T00:00:00.000Z',
      s3: { bucket: { name: 'inbox' }, object: { key, sequencer } },
    });
  const noticed = (...which: Parameters<typeof record>) => noticeOf(payloadOfRecord(record(...which)));
  const order = (...which: Parameters<typeof record>) => {
    const { eventId: id, time } = noticed(...which);
    return eventOrder({ id, time });
  };

  it('may be a test, or of an object without a size', () => {
    expect(objectEventSchema.parse({ Service: 'Amazon S3', Event: 's3:TestEvent' })).toEqual({ Records: [] });
    expect(record('1').s3.object).toMatchObject({ size: 0, eTag: '' });
  });

  it('is the same event whenever it comes, and another than any other', () => {
    expect(noticed('0A')).toEqual(noticed('0A'));
    expect(noticed('0A')).toMatchObject({ key: 'inbox/demo/a b.pdf', isRemoval: false });
    const others = [
      noticed('0A'),
      noticed('0B'),
      noticed('0A', 'ObjectRemoved:Delete'),
      noticed('0A', 'ObjectCreated:Put', 'inbox/demo/other.pdf'),
    ];
    expect(new Set(others.map(({ eventId }) => eventId)).size).toBe(4);
  });

  it('stands among those of its millisecond where its sequencer does, filled up with zeros', () => {
    const names = ['ObjectCreated:Put', 'ObjectRemoved:Delete', 'ObjectCreated:Copy'];
    const ascending = ['0055AED6DCD90281E5', '0055AED6DCD90281E51', '0055aed6dcd90281e6', '0056'];
    for (const name of names) {
      const orders = ascending.map((sequencer, index) => order(sequencer, names[index % 3] ?? name));
      expect(orders.toSorted()).toEqual(orders);
    }
  });
});
