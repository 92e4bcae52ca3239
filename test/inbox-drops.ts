import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import type { Connector, JobView } from './connector.ts';

/** What can be said of a file that is dropped into the inbox. */
export interface Drop {
  readonly contentType?: string;
  /** The object's own. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** The desired state of an asset as GET /assets shows it. */
export type DesiredView = Readonly<Record<string, unknown>>;

/** Puts an object into the inbox bucket, as `aws s3 cp` does; answers when S3 has told of it. */
export async function drop(
  { stack }: Connector,
  key: string,
  content: Buffer | string | object,
  { contentType, metadata }: Drop = {},
): Promise<void> {
  const isRaw = typeof content === 'string' || Buffer.isBuffer(content);
  const body = isRaw ? content : JSON.stringify(content);
  await stack.clients.s3.send(
    new PutObjectCommand({
      Bucket: stack.buckets['inbox'],
      Key: key,
      Body: body,
      ContentLength: Buffer.byteLength(body),
      ...(contentType !== undefined && { ContentType: contentType }),
      ...(metadata !== undefined && { Metadata: { ...metadata } }),
    }),
  );
}

/** Removes an object from the inbox bucket. */
export async function takeAway({ stack }: Connector, key: string): Promise<void> {
  await stack.clients.s3.send(new DeleteObjectCommand({ Bucket: stack.buckets['inbox'], Key: key }));
}

/** The jobs of a subject, oldest first. */
export async function jobsOf(
  connector: Connector,
  subject: string,
  source = subject.split('/')[1] ?? '',
): Promise<JobView[]> {
  return (await jobsBySubject(connector, source)).get(subject) ?? [];
}

/** The newest jobs of a source by their subjects, oldest first: one look for many, since it goes through every day. */
export async function jobsBySubject({ get }: Connector, source: string): Promise<Map<string, JobView[]>> {
  const { body } = await get<{ items: JobView[] }>(`/jobs?source=${source}&limit=200`);
  return Map.groupBy(body.items.toReversed(), ({ subject }) => subject);
}

/** What is wanted of an asset, without the ids of the events that asked for it: these differ by door. */
export async function desiredOf({ get }: Connector, source: string, subject: string): Promise<DesiredView> {
  const path = `/assets/${source}/${encodeURIComponent(subject)}`;
  const { body } = await get<{ desired: DesiredView }>(path);
  const withoutIds = (_key: string, value: unknown): unknown =>
    typeof value === 'string' && /^0\d{4}-\d\d-\d\dT\S+ \S/.test(value) ? value.split(' ')[0] : value;
  return JSON.parse(JSON.stringify(body.desired, withoutIds)) as DesiredView;
}
