import { describe, expect, it } from 'vitest';
import { isMyFilesFolder, uploadToMyFiles } from '../../lib/showpad/my-files.ts';
import { asset, receiving, stalling, uploadOf } from './my-files-upload.ts';
import { clientOf, failureOf, json, startRawServer, startServer } from './showpad-client-server.ts';
import type { Received } from './showpad-client-server.ts';

const folderId = '0123456789abcdef'.repeat(4);

/** Reads a form by the rules of the Fetch standard, which decode %22, %0D and %0A in names. */
async function parse({ body, headers }: Received) {
  const type = headers['content-type'] ?? '';
  const form = await new Response(body, { headers: { 'content-type': type } }).formData();
  const file = form.get('file');
  if (!(file instanceof File)) throw new Error('The form has no file.');
  const fields = Object.fromEntries([...form].filter(([name]) => name !== 'file'));
  return { fields, fileName: file.name, type: file.type, content: await file.text() };
}

describe('a file for My Files', () => {
  it('is one multipart POST with the documented fields, the file last, and an exact length', async () => {
    const server = await startServer((response) => json(response, 201, asset));
    const upload = uploadOf(['01234', '56789'], { description: 'Für Jo\nand "Al"' });
    expect(await uploadToMyFiles(clientOf(server.url), upload)).toEqual({ kind: 'asset', assetId: 'a1' });
    expect(server.requests).toHaveLength(1);
    const [received] = server.requests;
    if (received === undefined) return;
    expect(received).toMatchObject({
      method: 'POST',
      url: '/api/v3/divisions/d1/assets.json',
      headers: {
        authorization: 'Bearer token-1',
        accept: 'application/json',
        'content-length': String(Buffer.byteLength(received.body)),
      },
    });
    for (const name of ['expect', 'transfer-encoding']) expect(received.headers).not.toHaveProperty(name);
    expect(await parse(received)).toEqual({
      fields: {
        isPersonal: 'true',
        postProcessingInstructions: '{"materialisedPath":"/"}',
        name: 'Plan.pdf',
        description: 'Für Jo\nand "Al"',
      },
      fileName: 'Plan.pdf',
      type: 'application/pdf',
      content: '0123456789',
    });
    const [, boundary = ''] = /^multipart\/form-data; boundary=([\w-]{1,70})$/.exec(
      received.headers['content-type'] ?? '',
    ) ?? [''];
    const part = (header: string) => `--${boundary}\r\nContent-Disposition: form-data; ${header}`;
    expect(received.body.startsWith(`${part('name="isPersonal"')}\r\n\r\ntrue\r\n`)).toBe(true);
    const filePart = part('name="file"; filename="Plan.pdf"\r\nContent-Type: application/pdf\r\n\r\n');
    expect(received.body.endsWith(`${filePart}0123456789\r\n--${boundary}--\r\n`)).toBe(true);
  });

  it('goes into the folder that is asked for, without a description that is not', async () => {
    const server = await startServer((response) => json(response, 201, asset));
    const folder = `/${folderId}/`;
    await uploadToMyFiles(clientOf(server.url), uploadOf(['0123456789'], { divisionId: 'mine', folder }));
    const [received] = server.requests;
    if (received === undefined) return;
    expect(received.url).toBe('/api/v3/divisions/mine/assets.json');
    const { fields } = await parse(received);
    expect(fields).toEqual({
      isPersonal: 'true',
      postProcessingInstructions: `{"materialisedPath":"/${folderId}/"}`,
      name: 'Plan.pdf',
    });
  });

  it.each([
    ['quotes', 'A "good" plan.pdf', 'A %22good%22 plan.pdf'],
    ['line breaks', 'A\r\nX-Evil: 1\n\rplan.pdf', 'A%0D%0AX-Evil: 1%0A%0Dplan.pdf'],
    ['a part of its own', 'a"\r\n\r\n--x\r\n.pdf', 'a%22%0D%0A%0D%0A--x%0D%0A.pdf'],
    ['slashes', '../Q1/Q2\\plan.pdf', '..%2FQ1%2FQ2%5Cplan.pdf'],
    ['a backslash at its end', 'plan.pdf\\', 'plan.pdf%5C'],
    ['control characters', 'a\0b\tc\u007F.pdf', 'a%00b%09c%7F.pdf'],
    ['letters of all the world', 'Übersicht 概要 😀.pdf', 'Übersicht 概要 😀.pdf'],
    ['half a character', 'a\uD83D.pdf', 'a\uFFFD.pdf'],
    ['percent signs', '100 %22.pdf', '100 %22.pdf'],
  ])('keeps a name with %s in its own place', async (_name, name, expected) => {
    const server = await startServer((response) => json(response, 201, asset));
    await uploadToMyFiles(clientOf(server.url), uploadOf(['0123456789'], { name, fileName: name }));
    const [received] = server.requests;
    if (received === undefined) return;
    expect(received.headers['content-length']).toBe(String(Buffer.byteLength(received.body)));
    expect(received.body).toContain(`name="file"; filename="${expected}"\r\nContent-Type: application/pdf`);
    expect(received.body.match(/\r\nContent-Disposition:/g)).toHaveLength(4);
    const { fields, content } = await parse(received);
    expect(fields['name']).toBe(name.toWellFormed());
    expect(content).toBe('0123456789');
  });

  it('streams chunks of any size', async () => {
    const server = await startServer((response) => json(response, 201, asset));
    const content = 'x'.repeat(3_000_000);
    const chunks = [content.slice(0, 1), content.slice(1, 2_500_000), content.slice(2_500_000)];
    await uploadToMyFiles(clientOf(server.url), uploadOf(chunks, { size: content.length }));
    const [received] = server.requests;
    expect(received && (await parse(received)).content === content).toBe(true);
  });

  it('is sent with another boundary each time', async () => {
    const server = await startServer((response) => json(response, 201, asset));
    const client = clientOf(server.url);
    for (let time = 0; time < 3; time += 1) await uploadToMyFiles(client, uploadOf(['0123456789']));
    expect(new Set(server.requests.map(({ headers }) => headers['content-type'])).size).toBe(3);
  });

  it.each([
    ['too few', ['01234', '5678'], 'It ended after 9 of 10 bytes.'],
    ['none', [], 'It ended after 0 of 10 bytes.'],
    ['too many, in the last chunk', ['01234', '567890'], 'It has more than 10 bytes.'],
    ['too many, after the last chunk', ['01234', '56789', '0'], 'It has more than 10 bytes.'],
    ['as many as the end of the form too many', ['0123456789', 'x'.repeat(59)], 'It has more than 10 bytes.'],
  ])('of %s bytes is never completed', async (_name, chunks, detail) => {
    const server = await receiving();
    const error = await failureOf(uploadToMyFiles(clientOf(server.url), uploadOf(chunks)));
    expect(error).toMatchObject({ title: 'LengthMismatch', retryable: false, outcomeUnknown: false });
    expect(error.detail).toContain(detail);
    expect(server.completed()).toBe(0);
  });

  it('whose source fails can be sent again', async () => {
    const body = stalling('01234', '5');
    const server = await startRawServer((request) => {
      request.once('data', () => body.destroy(new Error('The bucket hung up.')));
    });
    const error = await failureOf(uploadToMyFiles(clientOf(server.url), uploadOf(body)));
    expect(error).toMatchObject({ title: 'SourceFailed', retryable: true, outcomeUnknown: false });
  });

  it.each([
    ['0 bytes', { size: 0 }],
    ['1.5 bytes', { size: 1.5 }],
    ['a folder that is none', { folder: '/Plans/' }],
    ['a content type that is two headers', { contentType: 'text/plain\r\nX-Evil: 1' }],
    ['a Division that is another path', { divisionId: '..' }],
  ])('with %s is refused before anything is sent', async (_name, more) => {
    const server = await startServer((response) => json(response, 201, asset));
    const upload = uploadOf(stalling('01234'), more);
    await expect(uploadToMyFiles(clientOf(server.url), upload)).rejects.toThrow(RangeError);
    expect(upload.body).toHaveProperty('destroyed', true);
    expect(server.requests).toHaveLength(0);
  });

  it('is let go when there is no token', async () => {
    const token = { get: () => Promise.reject(new Error('No secret.')), reject: () => undefined };
    const upload = uploadOf(stalling('01234'));
    const client = clientOf('http://127.0.0.1:9', { token });
    await expect(uploadToMyFiles(client, upload)).rejects.toThrow('No secret.');
    expect(upload.body).toHaveProperty('destroyed', true);
  });

  it.each([
    ['/', true],
    [`/${folderId}/`, true],
    [`/${folderId}/${folderId}/`, true],
    ['', false],
    ['//', false],
    [folderId, false],
    [`/${folderId}`, false],
    [`/${folderId.toUpperCase()}/`, false],
    [`/${folderId}/\n`, false],
    ['/../', false],
  ])('in the folder %j: %j', (folder, expected) => {
    expect(isMyFilesFolder(folder)).toBe(expected);
  });
});
