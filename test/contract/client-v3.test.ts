import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ShowpadClient } from '../../lib/showpad/client.ts';
import { createDispatcher } from '../../lib/guarded-connector.ts';
import { uploadToMyFiles, type MyFilesAnswer } from '../../lib/showpad/my-files.ts';
import { findRecipients, getMyFilesDivision } from '../../lib/showpad/recipients.ts';
import { forceUseTicket, getTicket, listDivisionTickets, listTickets } from '../../lib/showpad/tickets.ts';
import { staticToken } from '../../lib/showpad/token.ts';
import { startShowpadEmulator, type ShowpadEmulator } from '../../local/showpad/showpad-emulator.ts';
import { only, until } from '../showpad-caller.ts';
import { loadV3Contract } from './openapi-v3.ts';

const contract = loadV3Contract();
const name = 'Größe "XL".pdf';

let showpad: ShowpadEmulator;
let client: ShowpadClient;

beforeEach(async () => {
  showpad = await startShowpadEmulator({
    users: [{ email: 'jo+x@example.com', id: 'jo' }],
    switches: { processingMs: 0 },
  });
  client = new ShowpadClient({
    v4Url: showpad.v4Url,
    v3Url: showpad.v3Url,
    token: staticToken(() => Promise.resolve(showpad.token)),
    createDispatcher: () => createDispatcher({ allowPrivateAddresses: true }),
  });
});

afterEach(async () => {
  await client.close();
  await showpad.close();
});

async function send(fileName: string, content: string): Promise<MyFilesAnswer> {
  const { divisionId } = await getMyFilesDivision(client, 'jo');
  return uploadToMyFiles(client, {
    divisionId: divisionId ?? 'unknown',
    name: fileName,
    description: 'For the visit on Monday',
    folder: `/${'0a'.repeat(32)}/`,
    fileName,
    contentType: 'application/octet-stream',
    body: (async function* () {
      yield await Promise.resolve(Buffer.from(content));
    })(),
    size: Buffer.byteLength(content),
  });
}

async function ended(answer: MyFilesAnswer): Promise<string> {
  if (answer.kind !== 'ticket') throw new Error('The upload was not answered with a ticket.');
  await until(showpad, () => only(showpad.tickets).endedAtMs !== null);
  return answer.ticketId;
}

describe.skipIf(contract === undefined)("what the connector's client sends to API v3", () => {
  test('finds a person and puts a file with an awkward name into their My Files', async () => {
    expect(await findRecipients(client, 'jo+x@example.com')).toEqual([{ id: 'jo', isActive: true }]);
    const ticketId = await ended(await send(name, '%PDF-1.7'));
    const asset = only(showpad.users[0]?.myFiles.assets ?? []);
    expect(asset).toMatchObject({ name, size: 8, description: 'For the visit on Monday' });
    expect(await getTicket(client, ticketId)).toMatchObject({
      status: 'completed',
      assetId: asset.id,
      assetFilename: name,
    });
    expect(violations()).toEqual([]);
  });

  test('asks for tickets and uses the file of a failed one', async () => {
    const ticketId = await ended(await send('corrupt.pdf', '%PDF-1.7'));
    const { divisionId } = only(showpad.tickets);
    const lists = [
      listTickets(client, { divisionId, status: 'failed', onlyUnfinished: false, sort: '-queuedAt' }),
      listDivisionTickets(client, divisionId, { sort: 'queuedAt' }),
    ];
    for (const list of lists) {
      const found = [];
      for await (const { id } of list) found.push(id);
      expect(found).toEqual([ticketId]);
    }
    await forceUseTicket(client, ticketId);
    expect(await getTicket(client, ticketId)).toMatchObject({ status: 'completed' });
    expect(violations()).toEqual([]);
  });
});

function violations(): string[] {
  return showpad.requests.flatMap((exchange) => contract?.violations(exchange) ?? []);
}
