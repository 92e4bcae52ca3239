import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { receiveForm } from './receive-form.ts';
import { TokenProblem } from './token-problem.ts';
import { V3Problem } from './v3-problem.ts';

export interface TokenRequest {
  readonly fields: ReadonlyMap<string, string>;
  readonly client: {
    readonly form: 'basic' | 'body';
    readonly id: string;
    readonly secret: string;
  };
}

/** Reads a request for a token to its end, form-encoded or as multipart/form-data. Returns what is wrong with it. */
export async function receiveTokenRequest(request: IncomingMessage): Promise<TokenRequest | TokenProblem> {
  const fields = await receiveFields(request);
  if (fields instanceof TokenProblem) return fields;
  const basic = readBasic(request.headers.authorization);
  const hasBody = fields.has('client_id') || fields.has('client_secret');
  if (basic !== undefined && hasBody) {
    return new TokenProblem('invalid_request', 'The client signs in in two ways at once.');
  }
  const client = basic ?? {
    form: 'body' as const,
    id: fields.get('client_id') ?? '',
    secret: fields.get('client_secret') ?? '',
  };
  return { fields, client };
}

async function receiveFields(request: IncomingMessage): Promise<ReadonlyMap<string, string> | TokenProblem> {
  const mediaType = request.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase();
  if (mediaType === 'application/x-www-form-urlencoded') {
    const pairs = [...new URLSearchParams(await text(request))];
    const fields = new Map(pairs);
    return fields.size === pairs.length
      ? fields
      : new TokenProblem('invalid_request', 'A parameter was sent twice.');
  }
  const form = await receiveForm(request, request.headers);
  if (form instanceof V3Problem || form === undefined) {
    return new TokenProblem('invalid_request', 'The body must be a form.');
  }
  return form.fields;
}

function readBasic(header: string | undefined): TokenRequest['client'] | undefined {
  const encoded = /^Basic +(\S+)$/iu.exec(header ?? '')?.[1];
  if (encoded === undefined) return undefined;
  const [id = '', ...rest] = Buffer.from(encoded, 'base64').toString('utf8').split(':');
  return { form: 'basic', id, secret: rest.join(':') };
}

const shown: ReadonlySet<string> = new Set(['password', 'refresh_token', 'authorization_code']);

/** What the request log keeps: which parameters there were, and of their values only the grant's type. */
export function showTokenRequest({ fields }: TokenRequest): object {
  return Object.fromEntries(
    [...fields].map(([name, value]) => {
      return [name, name === 'grant_type' && shown.has(value) ? value : '(left out)'];
    }),
  );
}
