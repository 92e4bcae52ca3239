import { request } from 'undici';
import type { Connector } from './connector.ts';

/** An import as GET /imports/{id} shows it. */
export interface ImportView {
  readonly id: string;
  readonly state: string;
  readonly rows: Readonly<Record<string, number>>;
  readonly faults: readonly { readonly line: number; readonly column: string; readonly message: string }[];
  readonly error: string | null;
  readonly results: { readonly csv: string; readonly jsonl: string } | null;
}

export interface ResultLine {
  readonly row: number;
  readonly subject: string | null;
  readonly change: string;
  readonly state: string;
  readonly reason: string | null;
  readonly showpadId: string | null;
  readonly bytes: number | null;
}

/** Announces a manifest, puts it where it is to go, and answers with its id. */
export async function putManifest(
  { post }: Pick<Connector, 'post'>,
  content: string,
  { source = 'demo', fileName = 'manifest.csv', skipInvalid = false } = {},
): Promise<string> {
  const body = JSON.stringify({ source, fileName, skipInvalid });
  const answer = await post('/imports', body, { 'content-type': 'application/json' });
  if (answer.status !== 201)
    throw new Error(`POST /imports: ${answer.status} ${JSON.stringify(answer.body)}`);
  const { id, upload } = answer.body as { id: string; upload: { url: string } };
  const { statusCode, body: put } = await request(upload.url, { method: 'PUT', body: content });
  if (statusCode !== 200) throw new Error(`PUT of the manifest: ${statusCode} ${await put.text()}`);
  await put.dump();
  return id;
}

/** Imports a manifest to its end. */
export async function importManifest(
  connector: Connector,
  content: string,
  options: Parameters<typeof putManifest>[2] = {},
): Promise<ImportView> {
  const id = await putManifest(connector, content, options);
  await connector.stack.settled(55_000);
  return (await connector.get<ImportView>(`/imports/${id}`)).body;
}

/** The lines of the result file. */
export async function readResults({ results, state, error }: ImportView): Promise<ResultLine[]> {
  if (results === null) throw new Error(`The import is ${state}: ${error ?? ''}`);
  const { body } = await request(results.jsonl);
  return (await body.text())
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as ResultLine);
}

export async function readCsv({ results }: ImportView): Promise<string> {
  const { body } = await request(results?.csv ?? '');
  return body.text();
}
