import type { Readable } from 'node:stream';
import { request } from 'undici';
import * as z from 'zod';
import type { ShowpadEmulator } from '../local/showpad/showpad-emulator.ts';

const boundary = 'a-boundary-that-no-content-has';

export interface FormFile {
  readonly filename: string;
  readonly content: Buffer | string;
  readonly contentType?: string;
}

export interface V3CallOptions {
  /** Sent as multipart/form-data; undefined fields are left out. */
  readonly form?: { readonly fields: Readonly<Record<string, string | undefined>>; readonly file?: FormFile };
  /** Sent instead of the emulator's token; null sends none. */
  readonly token?: string | null;
  /** Sent as it is, with `headers` that say what it is. */
  readonly body?: Buffer | Readable;
  readonly headers?: Readonly<Record<string, string>>;
}

const envelope = z.object({
  meta: z.object({ code: z.number(), message: z.string() }).catchall(z.unknown()),
  response: z.record(z.string(), z.unknown()),
});

export interface V3Called extends z.infer<typeof envelope> {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** The fields that an upload into My Files must have. */
export const requiredFields: Readonly<Record<string, string>> = {
  isPersonal: 'true',
  postProcessingInstructions: '{"materialisedPath":"/"}',
};

/** Calls an emulator's API v3 in the plainest way, knowing nothing of the connector's own client. */
export function createV3Caller(emulator: ShowpadEmulator) {
  const call = async (
    method: 'GET' | 'POST' | 'PUT' | 'DELETE',
    path: string,
    { form, token = emulator.token, body, headers = {} }: V3CallOptions = {},
  ): Promise<V3Called> => {
    const sent = form === undefined ? body : encodeForm(form);
    const answer = await request(emulator.v3Url + path, {
      method,
      headers: {
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...(form === undefined ? {} : { 'content-type': `multipart/form-data; boundary=${boundary}` }),
        ...headers,
      },
      ...(sent === undefined ? {} : { body: sent }),
    });
    const { meta, response } = envelope.parse(await answer.body.json());
    return { status: answer.statusCode, headers: answer.headers, meta, response };
  };

  /** Uploads a file into the My Files of a user who is named by the e-mail address, or `mine`. */
  const uploadTo = (
    recipient: string,
    file: FormFile,
    fields: Readonly<Record<string, string | undefined>> = {},
  ): Promise<V3Called> => {
    const user = emulator.users.find(({ email }) => email === recipient);
    const divisionId = user?.myFiles.divisionId ?? recipient;
    const form = { fields: { ...requiredFields, ...fields }, file };
    return call('POST', `/divisions/${divisionId}/assets.json`, { form });
  };

  return { call, uploadTo };
}

function encodeForm({ fields, file }: NonNullable<V3CallOptions['form']>): Buffer {
  const parts: (string | Buffer)[] = [];
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    parts.push(`--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`);
  }
  if (file !== undefined) {
    const { filename, content, contentType = 'application/octet-stream' } = file;
    const disposition = `form-data; name="file"; filename="${filename}"`;
    parts.push(
      `--${boundary}\r\nContent-Disposition: ${disposition}\r\nContent-Type: ${contentType}\r\n\r\n`,
    );
    parts.push(content, '\r\n');
  }
  parts.push(`--${boundary}--\r\n`);
  return Buffer.concat(parts.map((part) => Buffer.from(part)));
}
