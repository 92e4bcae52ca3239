import { describe, expect, it } from 'vitest';
import { MultipartForm } from '../../lib/showpad/multipart-form.ts';

const file = {
  field: 'file',
  fileName: 'three.txt',
  contentType: 'text/plain',
  body: (async function* chunks() {
    yield Promise.resolve(Buffer.from('Plan'));
  })(),
  size: 4,
};

describe('a form', () => {
  it('takes a boundary that is nowhere in its fields', () => {
    const boundaries = ['one', 'two', 'three', 'four'];
    const fields = { name: 'one more', 'field-two': 'x' };
    const form = new MultipartForm(fields, file, 'POST /x', () => boundaries.shift() ?? '');
    expect(form.contentType).toBe('multipart/form-data; boundary=four');
  });

  it('is complete when its end is handed over, not before', async () => {
    const form = new MultipartForm({}, file, 'POST /x', () => 'b');
    const steps: unknown[] = [];
    let length = 0;
    for await (const slice of form.slices()) {
      length += slice.length;
      steps.push([Buffer.from(slice).toString().slice(-8), form.handedBytes, form.isComplete]);
    }
    expect(steps).toEqual([
      ['lain\r\n\r\n', 0, false],
      ['Plan', 4, false],
      ['\n--b--\r\n', 4, true],
    ]);
    expect(form.contentLength).toBe(length);
  });
});
