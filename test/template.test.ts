import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RegoEngine, TemplateFile } from '@aws/cloudformation-validate';
import { afterAll, describe, expect, test } from 'vitest';
import { parseTemplate } from '../local/intrinsics.ts';
import { expandSam } from './sam-expansion.ts';
import { samTemplateSchema, type CloudFormationTemplate, type SamTemplate } from './sam-template.ts';
import { alarmRules } from './template-rules/alarm-rules.ts';
import { dashboardRules } from './template-rules/dashboard-rules.ts';
import { eventsQueueRules } from './template-rules/events-queue-rules.ts';
import { functionRules } from './template-rules/function-rules.ts';
import { inboxRules } from './template-rules/inbox-rules.ts';
import { loggingRules } from './template-rules/logging-rules.ts';
import { mistaken } from './template-rules/mistaken.ts';
import { namingRules } from './template-rules/naming-rules.ts';
import { outputRules } from './template-rules/output-rules.ts';
import { metricRules } from './template-rules/metric-rules.ts';
import { parameterRules } from './template-rules/parameter-rules.ts';
import { pauseRules } from './template-rules/pause-rules.ts';
import { permissionRules } from './template-rules/permission-rules.ts';
import { queueRules } from './template-rules/queue-rules.ts';
import { danglingReferences, removalsOf } from './template-rules/removals.ts';
import type { Mistake } from './template-rules/rule.ts';
import { secretRules } from './template-rules/secret-rules.ts';
import { outcomeRules } from './template-rules/outcome-rules.ts';
import { storageRules } from './template-rules/storage-rules.ts';
import { thresholdRules } from './template-rules/threshold-rules.ts';
import { workloadRules } from './template-rules/workload-rules.ts';

const templateFile = join(import.meta.dirname, '../template.yaml');
const source = readFileSync(templateFile, 'utf8');
const parsed = samTemplateSchema.parse(parseTemplate(source));
const readTemplate = (): SamTemplate => structuredClone(parsed);
const rules = [
  ...queueRules,
  ...alarmRules,
  ...thresholdRules,
  ...metricRules,
  ...dashboardRules,
  ...functionRules,
  ...permissionRules,
  ...secretRules,
  ...storageRules,
  ...inboxRules,
  ...eventsQueueRules,
  ...outcomeRules,
  ...parameterRules,
  ...pauseRules,
  ...loggingRules,
  ...namingRules,
  ...outputRules,
  ...workloadRules,
];

describe("AWS's own validator", () => {
  const engine = new RegoEngine();
  const folder = mkdtempSync(join(tmpdir(), 'template-'));
  afterAll(() => {
    engine.free();
    rmSync(folder, { recursive: true });
  });

  const diagnose = (file: string): string[] =>
    engine
      .validateStandard(new TemplateFile(file), {
        severityLevel: 'WARN',
        exclude: {
          // An ARN names a secret and is none.
          logicalIds: ['ShowpadSecretArn', 'SourcesSecretArn', 'SourceCredentialsSecretArn'].map(
            (logicalId) => ({
              ruleId: 'W2509',
              logicalId,
            }),
          ),
        },
      })
      .diagnostics.map(({ ruleId, message, entity }) => `${entity?.logicalId ?? ''} ${ruleId}: ${message}`);
  const diagnoseExpansion = (template: SamTemplate): string[] => {
    const file = join(folder, 'template.json');
    writeFileSync(file, JSON.stringify(expandSam(template)));
    return diagnose(file);
  };

  test('finds nothing in the template', () => {
    expect(diagnose(templateFile)).toEqual([]);
  });

  test('finds nothing in what SAM makes of it', () => {
    expect(diagnoseExpansion(readTemplate())).toEqual([]);
  });

  test.each<Mistake>([
    {
      mistake: 'a misspelt property of a function',
      path: 'Resources/UploadAsset/Properties/MemorySise',
      value: 1024,
    },
    { mistake: 'a runtime that does not exist', path: 'Globals/Function/Runtime', value: 'nodejs23.x' },
    {
      mistake: 'a delay that SQS does not allow',
      path: 'Resources/PollQueue/Properties/DelaySeconds',
      value: 901,
    },
    {
      mistake: 'a reference to nothing',
      path: 'Globals/Function/Environment/Variables/TABLE_NAME',
      value: { Ref: 'Tabel' },
    },
    {
      mistake: 'an attribute that queues do not have',
      path: 'Outputs/TableName/Value',
      value: { 'Fn::GetAtt': ['StageQueue', 'Url'] },
    },
    {
      mistake: 'a batch that is too large',
      path: 'Resources/PollProcessing/Properties/Events/Messages/Properties/BatchSize',
      value: 10_001,
    },
    {
      mistake: 'an index on an undefined attribute',
      path: 'Resources/Table/Properties/AttributeDefinitions/2',
    },
    {
      mistake: 'a parameter that nothing uses',
      path: 'Parameters/Extra',
      value: { Type: 'String', Description: 'Not used.' },
    },
  ])('finds $mistake', (mistake) => {
    expect(diagnoseExpansion(mistaken(readTemplate(), mistake))).not.toEqual([]);
  });
});

describe('our own rules', () => {
  describe.each(rules)('$name', ({ faults, mistakes }) => {
    test('holds', () => {
      expect(faults(expandSam(readTemplate()))).toEqual([]);
    });

    test.each(mistakes)('notices $mistake', (mistake) => {
      expect(faults(expandSam(mistaken(readTemplate(), mistake)))).not.toEqual([]);
    });
  });
});

test('nobody takes a resource, or anything that protects something, out of the template unnoticed', () => {
  const isNoticed = (path: string): boolean => {
    const template = mistaken(readTemplate(), { mistake: 'taken out', path });
    let expanded: CloudFormationTemplate;
    try {
      expanded = expandSam(template);
    } catch {
      return true;
    }
    return danglingReferences(expanded).length > 0 || rules.some(({ faults }) => faults(expanded).length > 0);
  };
  const removals = removalsOf(readTemplate());
  expect(removals.length).toBeGreaterThan(200);
  expect(removals.filter((path) => !isNoticed(path))).toEqual([]);
});
