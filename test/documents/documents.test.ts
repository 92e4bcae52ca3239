import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { transferSurcharges } from '../../bench/cost/bill.ts';
import prices from '../../bench/cost/prices.json' with { type: 'json' };
import { credentialsSchema } from '../../lib/showpad/credentials.ts';
import { cloudEventsSettings } from '../../lib/sources/cloudevents.ts';
import { parseSources } from '../../lib/sources/source-list.ts';
import { parseTemplate } from '../../local/intrinsics.ts';
import { expandSam } from '../sam-expansion.ts';
import { samTemplateSchema } from '../sam-template.ts';
import { at, list, resourcesOf } from '../template-rules/rule.ts';
import type { Project } from './command-rules.ts';
import { documentFaults, fencedBlocks, linkFaults, syntaxFaults } from './document-faults.ts';

const root = join(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const guide = read('docs/deploy.md');

const template = expandSam(samTemplateSchema.parse(parseTemplate(read('template.yaml'))));
const project: Project = {
  root,
  outputs: Object.keys(at(template, 'Outputs') ?? {}),
  resources: Object.keys(template.Resources),
  alarms: resourcesOf(template, 'AWS::CloudWatch::Alarm').map(({ properties }) =>
    String(at(properties, 'AlarmName', 'Fn::Sub')),
  ),
  parameters: Object.fromEntries(
    Object.entries(template.Parameters).map(([name, parameter]) => {
      const allowed = at(parameter, 'AllowedValues');
      return [name, allowed === undefined ? undefined : list(allowed).map(String)];
    }),
  ),
  environments: Object.fromEntries(
    read('samconfig.toml')
      .split(/^\[(?=\w+\.deploy\.parameters\]$)/m)
      .slice(1)
      .map((section) => [/^\w+/.exec(section)?.[0] ?? '', section]),
  ),
};

it.each(['README.md', 'docs/deploy.md', 'docs/sources.md'])(
  'every command of %s is one that can be followed',
  (path) => {
    expect(fencedBlocks(read(path), 'sh').flatMap((block) => syntaxFaults(block))).toEqual([]);
    expect(documentFaults(read(path), project)).toEqual([]);
    expect(linkFaults(join(root, path))).toEqual([]);
  },
);

describe('in the guide is noticed', () => {
  it.each([
    [
      'an operation that AWS does not have',
      'secretsmanager put-secret-value',
      'secretsmanager set-secret-value',
    ],
    ['an option that it does not have', '--no-deletion-protection-enabled', '--disable-deletion-protection'],
    ['an option that is missing', '--reserved-concurrent-executions 0', ''],
    ['a value that is none', 'ApproximateNumberOfMessagesDelayed', 'ApproximateNumberOfMessagesLate'],
    ['a misspelt program', 'sam deploy', 'sma deploy'],
    ['an option that SAM does not have', '--config-env', '--config-environment'],
    ['a command that SAM does not have', 'sam delete', 'sam remove'],
    ['a script that npm does not know', 'npm run build', 'npm run bundle'],
    ['an option that the script does not take', '--name First.pdf', '--file First.pdf'],
    ['a value that the script does not take', '--type asset.archive', '--type asset.remove'],
    ['an output that is not there', 'output EventsUrl', 'output EventUrl'],
    [
      'a resource that is not there',
      'UploadAssetMessages UploadPersonal',
      'UploadAssetMessage UploadPersonal',
    ],
    ['an alarm that is not there', '-sweep-failed"', '-sweeper-failed"'],
    ['a parameter that is not there', 'ParameterKey=Delivery', 'ParameterKey=Deliveries'],
    ['a value that it cannot have', 'set_delivery paused', 'set_delivery stopped'],
    ['a secret of another name', 'connector/$ENVIRONMENT/sources', 'connector/$ENVIRONMENT/source'],
    ['a stack of another name', 'STACK=showpad-connector-', 'STACK=showpad-'],
    ['a file that is not there', 'lib/queues.ts lib/', 'lib/messages.ts lib/'],
    [
      'a variable that nobody has set',
      '--stack-name "$STACK" --region',
      '--stack-name "$STACKNAME" --region',
    ],
    ['a variable that is set no more', 'unset CONNECTOR_SECRET', 'unset SOURCE'],
    ['a quote without an end', '--description "How', '--description How'],
    ['a loop without an end', '; do\n', '\n'],
    ['a command in a sentence', '`npm run replay -- --reason', '`npm run replay -- --because'],
  ])('%s', (_what, from, to) => {
    if (!guide.includes(from))
      throw new Error(`The guide has no ${from} any more: make the mistake somewhere else.`);
    let faults: string[];
    try {
      faults = documentFaults(guide.replace(from, to), project);
    } catch (error) {
      faults = [error instanceof Error ? error.message : ''];
    }
    expect(faults[0]).toMatch(/^.+ .+\.$/s);
  });
});

describe('the JSON of the guide is what the functions take', () => {
  it("for Showpad's credentials, in each of the three forms", () => {
    const forms = fencedBlocks(guide, 'json showpad-secret').map((block) =>
      credentialsSchema.parse(JSON.parse(block)),
    );
    expect(forms.map((form) => ('token' in form ? 'token' : form.grant))).toEqual([
      'token',
      'password',
      'refresh_token',
    ]);
  });

  it('for the sources, with every setting that there is', () => {
    const [block = '', ...others] = fencedBlocks(guide, 'json sources-secret');
    expect(others).toEqual([]);
    const [source] = parseSources(block).values();
    expect(source).toMatchObject({ name: 'dam', division: { name: 'Marketing' } });
    expect(Object.keys(at(JSON.parse(block), 'dam') ?? {}).toSorted()).toEqual(
      Object.keys(cloudEventsSettings.shape).toSorted(),
    );
  });

  it('for the first source, as the command makes it', () => {
    const [format = ''] = /(?<=^printf ')\{"%s".*\}(?=')/m.exec(guide) ?? [];
    const made = format.replace('%s', 'dam').replace('%s', Buffer.alloc(32, 7).toString('base64'));
    expect([...parseSources(made).keys()]).toEqual(['dam']);
  });

  it('and its prices are those of bench/cost', () => {
    for (const { what, dollars } of transferSurcharges({ bytesPerAsset: 10_000_000 }, prices))
      expect(guide).toMatch(new RegExp(`\\| ${what} +\\| \\$${dollars.toFixed(2)} `));
    expect(guide).toMatch(new RegExp(`\\| two secrets +\\| \\$${(2 * prices.secretMonth).toFixed(2)} `));
  });
});
