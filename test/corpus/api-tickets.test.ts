import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { defaultSwitches } from '../../local/showpad/switches.ts';
import { pdf, startConnector, type Connector } from '../connector.ts';
import { pushesOf, type Pushes, type PushView } from '../integration/my-files-pushes.ts';
import { ticketCases } from './api-cases.ts';

type Name = (typeof ticketCases)[number]['name'];

let connector: Connector;
let pushes: Pushes;
beforeAll(async () => {
  connector = await startConnector({
    parameters: { TicketPollSeconds: '1', ProcessingDeadlineSeconds: '2' },
  });
  pushes = pushesOf(connector);
});
afterAll(() => connector.stop());
beforeEach(() => {
  Object.assign(connector.showpad.switches, defaultSwitches, { processingMs: 5 });
});

const plays: Record<Name, { before?: () => void; after?: (job: PushView) => Promise<void> }> = {
  't-ticket-forever': { before: () => Object.assign(connector.showpad.switches, { processingStuck: true }) },
  't-ticket-unknown': {
    before: () =>
      Object.assign(connector.showpad.switches, { unknownStatus: 'pondering', processingMs: 300 }),
  },
  't-ticket-404': { before: () => Object.assign(connector.showpad.switches, { ticketLagMs: 60_000 }) },
  't-ticket-regress': {
    after: async ({ id }) => {
      const path = /\/api\/v3\/tickets\/\w+\.json$/u;
      const body = { meta: { code: '200' }, response: { id: 'x', status: 'processing' } };
      const fault = connector.showpad.faults.add({
        match: { path, times: 'always' },
        action: { kind: 'status', status: 200, body },
      });
      const message = { messageId: '1', body: JSON.stringify({ jobId: id, attempt: 9, push: 0 }) };
      const record = { ...message, attributes: { ApproximateReceiveCount: '1' } };
      await connector.stack.invoke('poll-processing', { Records: [record] });
      await connector.stack.settled();
      expect(fault.hits).toBe(0);
      fault.remove();
    },
  },
};

describe('a ticket of a hostile Showpad', () => {
  test.each(ticketCases)('$name ends with: $result', async ({ name, result }) => {
    const { before, after } = plays[name];
    before?.();
    const earlier = pushes.uploads().length;
    const file = { url: connector.serve(`${name}.pdf`, pdf(name)), name: `${name}.pdf` };
    const pushed = await pushes.push({ recipients: ['jo@example.com'], file });
    await after?.(pushed);
    const { recipients } = (await connector.get<PushView>(`/jobs/${pushed.id}`)).body;
    const { state, error } = recipients[0] ?? { state: 'nobody', error: null };
    const uploads = pushes.uploads().length - earlier;
    const outcome = error === null ? state : `${state} ${error.code}`;
    expect(`${outcome}; ${uploads} upload${uploads === 1 ? '' : 's'}`).toBe(result);
  });
});
