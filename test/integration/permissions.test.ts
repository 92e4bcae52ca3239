import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseTemplate } from '../../local/intrinsics.ts';
import { tellOfAssets } from '../permissions/asset-stories.ts';
import { tellOfImports, tellOfPlan } from '../permissions/import-stories.ts';
import { faultsOf, privilegeFaults, type Recording } from '../permissions/least-privilege.ts';
import { tellOfInbox } from '../permissions/inbox-stories.ts';
import { tellOfPushes } from '../permissions/push-stories.ts';
import { tellOfMessages } from '../permissions/queue-stories.ts';
import { startRecordedConnector, type RecordedConnector } from '../permissions/recorded-connector.ts';
import { givings, takings, type RoleChange } from '../permissions/role-changes.ts';
import { tellOfDeadLetters, tellOfLostMessages } from '../permissions/sweep-stories.ts';
import { tellOfVendors } from '../permissions/vendor-stories.ts';
import { expandSam } from '../sam-expansion.ts';
import { samTemplateSchema, type CloudFormationTemplate } from '../sam-template.ts';

const source = readFileSync(new URL('../../template.yaml', import.meta.url), 'utf8');
const template: CloudFormationTemplate = expandSam(samTemplateSchema.parse(parseTemplate(source)));

let rig: RecordedConnector;
let recording: Recording;
beforeAll(async () => {
  rig = await startRecordedConnector();
  await tellOfPlan(rig);
  await Promise.all([tellOfAssets(rig), tellOfPushes(rig), tellOfVendors(rig), tellOfMessages(rig)]);
  await tellOfInbox(rig);
  await tellOfDeadLetters(rig);
  await tellOfImports(rig);
  await tellOfLostMessages(rig);
  for (const path of ['/health', '/jobs', '/jobs?state=failed', '/assets/demo/plain']) {
    expect(await rig.connector.get(path)).toMatchObject({ status: 200 });
  }
  recording = rig.recording();
}, 180_000);
afterAll(() => rig.stop());

test('every role allows what its function does, and nothing else', () => {
  expect(privilegeFaults(template, recording)).toEqual([]);
});

describe('nobody changes a role unnoticed', () => {
  const sentences = (...which: Parameters<typeof faultsOf>): string => faultsOf(...which).join('\n');
  const unnoticed = (changes: readonly RoleChange[]): string[] =>
    changes
      .filter(
        (change) =>
          sentences(change.template, change.deployed, recording) ===
          sentences(template, change.deployed, recording),
      )
      .map(({ what }) => what);

  test('who takes an action or a resource away', () => {
    const changes = [...takings(template)];
    expect(changes.length).toBeGreaterThan(200);
    expect(unnoticed(changes)).toEqual([]);
  });

  test('who allows a function what another may', () => {
    const changes = [...givings(template)];
    expect(changes.length).toBeGreaterThan(400);
    expect(unnoticed(changes)).toEqual([]);
  });
});
