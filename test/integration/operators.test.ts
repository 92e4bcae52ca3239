import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Connector, type JobView, pdf, startConnector } from '../connector.ts';

interface JobPage {
  readonly items: JobView[];
  readonly next: string | null;
}

let connector: Connector;
beforeAll(async () => {
  connector = await startConnector();
});
afterAll(() => connector.stop());

const brochure = pdf('operators');
const upsert = (subject: string) => ({
  type: 'asset.upsert',
  subject,
  data: {
    file: {
      url: `${connector.serve('operators.pdf', brochure)}?X-Amz-Signature=secret`,
      name: 'Operators.pdf',
    },
  },
});

test('health answers 200', async () => {
  expect(await connector.get('/health')).toMatchObject({ status: 200, body: { status: 'ok' } });
});

test('a job shows its way to the end', async () => {
  const job = await connector.finish(upsert('shown'));
  expect(job).toMatchObject({
    type: 'asset.upsert',
    source: 'demo',
    subject: 'shown',
    state: 'done',
    error: null,
    showpad: { assetId: expect.any(String), fileId: expect.any(String), ticketId: null },
  });
  expect(await connector.get('/jobs/job_unknown')).toMatchObject({ status: 404, body: { status: 404 } });
});

test('an asset shows what is wanted, what Showpad holds and what happened, but no signed link', async () => {
  await connector.finish(upsert('folder/with spaces & ümlaut.pdf'));
  const answer = await connector.get<{ timeline: { what: string }[] }>(
    `/assets/demo/${encodeURIComponent('folder/with spaces & ümlaut.pdf')}`,
  );
  expect(answer).toMatchObject({
    status: 200,
    body: {
      source: 'demo',
      subject: 'folder/with spaces & ümlaut.pdf',
      desired: { generation: 1, lifecycle: { value: 'live' } },
      applied: { assetId: expect.any(String), file: { state: 'usable' } },
    },
  });
  expect(answer.body.timeline.map(({ what }) => what)).toEqual([
    'event accepted',
    'file staged',
    'asset created',
    'file uploaded',
    'file usable',
    'done',
  ]);
  expect(JSON.stringify(answer.body)).not.toContain('X-Amz-Signature');
  expect((await connector.get('/assets/demo/never-heard-of')).status).toBe(404);
});

test('jobs are listed newest first, by state and source, page by page', async () => {
  for (const subject of ['list-1', 'list-2', 'list-3']) await connector.finish(upsert(subject));
  const seen: string[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const query: string = `state=done&source=demo&limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`;
    const { body }: { body: JobPage } = await connector.get(`/jobs?${query}`);
    expect(body.items.length).toBeLessThanOrEqual(2);
    seen.push(...body.items.map(({ subject }) => subject));
    cursor = body.next;
  }
  expect(seen.slice(0, 3)).toEqual(['list-3', 'list-2', 'list-1']);
  expect((await connector.get('/jobs?source=nobody')).body).toMatchObject({ items: [], next: null });
});

test('a list that is asked for wrongly answers 400 and says what is wrong', async () => {
  for (const query of ['state=finished', 'limit=0', 'limit=many', 'cursor=nonsense']) {
    const field = query.split('=')[0];
    expect(await connector.get(`/jobs?${query}`)).toMatchObject({
      status: 400,
      body: { errors: [{ field }] },
    });
  }
});
