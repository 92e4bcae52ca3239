import { parseCloudEvent, type Fault } from '../../lib/events.ts';

export const receivedAt = new Date('2026-06-01T12:00:00Z');
export const envelope = {
  specversion: '1.0',
  id: 'event-1',
  source: '/dam',
  type: 'asset.archive',
  subject: 'brochure-7',
  time: '2026-01-01T00:00:00Z',
};
export const file = { url: 'https://cdn.example.com/a.pdf', name: 'a.pdf' };

export function parse(body: unknown) {
  return parseCloudEvent(body, receivedAt);
}
export function faultsOf(body: unknown): readonly Fault[] {
  const parsed = parse(body);
  return 'faults' in parsed ? parsed.faults : [];
}
export const fieldsOf = (body: unknown): string[] => faultsOf(body).map(({ field }) => field);
export const withData = (type: string, data: unknown) => ({ ...envelope, type, data });
export const withMetadata = (metadata: unknown) => withData('asset.upsert', { file, metadata });
export function dataOf(body: unknown): unknown {
  const parsed = parse(body);
  if ('faults' in parsed) throw new Error(JSON.stringify(parsed.faults));
  return 'data' in parsed.event ? parsed.event.data : undefined;
}
