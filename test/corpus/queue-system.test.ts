import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pdf, startConnector, type Connector } from '../connector.ts';
import { systemCases } from './queue-cases.ts';

type Name = (typeof systemCases)[number]['name'];

let connector: Connector;
beforeAll(async () => {
  connector = await startConnector();
});
afterAll(() => connector.stop());

const upsert = (subject: string) => ({
  type: 'asset.upsert',
  subject,
  data: { file: { url: connector.serve(`${subject}.pdf`, pdf(subject)), name: `${subject}.pdf` } },
});

async function told(subject: string, jobId: string): Promise<string> {
  const { state } = await connector.job(jobId);
  const assets = connector.assetsOf(subject);
  const files = connector.showpad.requests.filter(({ method }) => method === 'PUT').length;
  return `${state}; ${assets.length} asset; ${files - filesBefore} file`;
}
let filesBefore = 0;

const plays: Record<Name, () => Promise<string>> = {
  'q-dup': async () => {
    await connector.stack.pause('upload-asset');
    const { body } = await connector.send(upsert('dup'));
    const id = body.jobs[0]?.id ?? '';
    const record = (messageId: string) => ({
      messageId,
      body: JSON.stringify({ jobId: id, attempt: 0 }),
      attributes: { ApproximateReceiveCount: '1' },
    });
    const twice = { Records: [record('1'), record('2')] };
    while ((await connector.job(id)).state !== 'staged') await connector.stack.redeliver();
    await Promise.all([
      connector.stack.invoke('upload-asset', twice),
      connector.stack.invoke('upload-asset', twice),
    ]);
    await connector.stack.resume('upload-asset');
    await connector.stack.settled();
    return told('dup', id);
  },
  'q-reorder': async () => {
    const data = { metadata: { description: 'early' } };
    const early = await connector.send({ type: 'asset.metadata', subject: 'reorder', data });
    await connector.finish(upsert('reorder'));
    return told('reorder', early.body.jobs[0]?.id ?? '');
  },
};

describe('hostile queues', () => {
  test.each(systemCases)('$name: $result', async ({ name, result }) => {
    filesBefore = connector.showpad.requests.filter(({ method }) => method === 'PUT').length;
    expect(await plays[name]()).toBe(result);
  });
});
