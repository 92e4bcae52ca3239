import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startFaultRig, type FaultRig } from '../faults/fault-rig.ts';
import { otherFlows } from '../faults/flows.ts';
import { killEverywhere } from '../faults/kill-points.ts';
import { pdf } from '../connector.ts';
import { systemCases } from './queue-cases.ts';

type Name = (typeof systemCases)[number]['name'];

let rig: FaultRig;
beforeAll(async () => {
  rig = await startFaultRig({ settleSeconds: 1, indexLagMs: 0, processingMs: 5 });
});
afterAll(() => rig.stop());

const upsert = (subject: string) => ({
  type: 'asset.upsert',
  subject,
  data: { file: { url: rig.connector.serve(`${subject}.pdf`, pdf(subject)), name: `${subject}.pdf` } },
});

async function told(subject: string, jobId: string): Promise<string> {
  const { state } = await rig.connector.job(jobId);
  const assets = rig.connector.assetsOf(subject);
  const files = rig.connector.showpad.requests.filter(({ method }) => method === 'PUT').length;
  return `${state}; ${assets.length} asset; ${files - filesBefore} file`;
}
let filesBefore = 0;

const plays: Record<Name, () => Promise<string>> = {
  'q-dup': async () => {
    const { connector } = rig;
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
    const { connector } = rig;
    const data = { metadata: { description: 'early' } };
    const early = await connector.send({ type: 'asset.metadata', subject: 'reorder', data });
    await connector.finish(upsert('reorder'));
    return told('reorder', early.body.jobs[0]?.id ?? '');
  },
  'q-kill-every-step': async () => {
    const flow = otherFlows.find(({ name }) => name === 'an upsert with a link');
    if (flow === undefined) throw new Error('The flow is gone.');
    const { broken, missed, kills } = await killEverywhere(flow, 'corpus', rig, ['after']);
    expect(kills).toBeGreaterThan(10);
    return [...broken, ...missed].join('; ') || 'whole after every kill';
  },
};

describe('hostile queues', () => {
  test.each(systemCases)('$name: $result', { timeout: 240_000 }, async ({ name, result }) => {
    filesBefore = rig.connector.showpad.requests.filter(({ method }) => method === 'PUT').length;
    expect(await plays[name]()).toBe(result);
  });
});
