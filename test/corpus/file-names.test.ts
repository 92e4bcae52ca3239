import { describe, expect, test } from 'vitest';
import { cleanFileName } from '../../lib/file-name.ts';
import { parseCloudEvent } from '../../lib/events.ts';
import { MultipartForm } from '../../lib/showpad/multipart-form.ts';
import { fileNameCases } from './file-name-cases.ts';

const upsertOf = (name: string) => ({
  specversion: '1.0',
  id: '1',
  source: '/dam',
  type: 'asset.upsert',
  subject: 'a',
  data: { file: { url: 'https://cdn.acme.com/a', name } },
});

/** The head of the form's file, as it goes out. */
async function headOf(fileName: string): Promise<string> {
  const body = (async function* () {
    yield await Promise.resolve(Buffer.from('x'));
  })();
  const file = { field: 'file', fileName, contentType: 'application/pdf', body, size: 1 };
  const form = new MultipartForm({ name: fileName }, file, 'POST /x', () => 'boundary');
  let text = '';
  for await (const slice of form.slices()) text += Buffer.from(slice).toString();
  return text.slice(text.indexOf('filename='));
}

describe('hostile file names', () => {
  test.each(fileNameCases)('$name becomes $clean', async ({ name, clean }) => {
    expect(cleanFileName(name)).toBe(clean);
    const parsed = parseCloudEvent(upsertOf(name), new Date());
    if ('faults' in parsed) {
      expect(parsed.faults.map(({ field }) => field)).toEqual(['data.file.name']);
      expect(name === '' || /\p{Cc}/u.test(name) || !name.isWellFormed() || name.length > 255).toBe(true);
    } else {
      expect(parsed.event).toMatchObject({ data: { file: { name: clean } } });
    }
    // Raw names too: whatever comes past the door breaks out of no header.
    for (const sent of [clean, name]) {
      expect(await headOf(sent)).toMatch(
        /^filename="[^"\r\n/\\]*"\r\nContent-Type: application\/pdf\r\n\r\nx\r\n--boundary--\r\n$/,
      );
    }
  });
});
