import { grantsOf, readersOf, rolesOfConsumers, stagersOf } from './grants.ts';
import { at, list, target, type Rule } from './rule.ts';

/** Behind routes for operators only, and so for nobody who has not signed in to AWS. */
const operators = new Set(['PlanRowsRole']);

/** Behind a queue, but a door like those behind routes: they take what others put in, for a source. */
const doors = new Set(['ImportManifestRole', 'ReceiveFileRole', 'ReceiveMessageRole']);

export const secretRules: readonly Rule[] = [
  {
    name: "only functions that talk to Showpad can read Showpad's secret",
    mistakes: [
      {
        mistake: "Showpad's secret behind the open door",
        path: 'Resources/ReceiveEventRole/Properties/Policies/0/PolicyDocument/Statement/2/Resource',
        value: [{ Ref: 'SourcesSecretArn' }, { Ref: 'ShowpadSecretArn' }],
      },
    ],
    faults: (template) => {
      const consumers = rolesOfConsumers(template);
      return [...readersOf(template, 'ShowpadSecretArn')]
        .filter((role) => !consumers.has(role) && !operators.has(role))
        .map((role) => `${role} can read Showpad's secret from behind an open route.`);
    },
  },
  {
    name: "functions that read Showpad's secret may share its access token through the table",
    mistakes: [
      {
        mistake: 'a worker that cannot store a renewed token',
        path: 'Resources/PollProcessingRole/Properties/Policies/0/PolicyDocument/Statement/4/Action',
        value: ['dynamodb:GetItem', 'dynamodb:Query'],
      },
    ],
    faults: (template) => {
      const grants = grantsOf(template);
      const mayDo = (role: string, action: string): boolean =>
        grants.some(
          ({ role: holder, statement }) =>
            holder === role &&
            list(at(statement, 'Action')).includes(action) &&
            list(at(statement, 'Resource')).some((resource) => target(resource) === 'Table'),
        );
      return [...readersOf(template, 'ShowpadSecretArn')].flatMap((role) =>
        ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem']
          .filter((action) => !mayDo(role, action))
          .map((action) => `${role} needs ${action} for the access token.`),
      );
    },
  },
  {
    name: "only doors can read the sources' secret",
    mistakes: [
      {
        mistake: "the sources' secret in a worker",
        path: 'Resources/UploadAssetRole/Properties/Policies/0/PolicyDocument/Statement/3/Resource',
        value: { Ref: 'SourcesSecretArn' },
      },
    ],
    faults: (template) => {
      const consumers = rolesOfConsumers(template);
      return [...readersOf(template, 'SourcesSecretArn')]
        .filter((role) => consumers.has(role) && !doors.has(role))
        .map((role) => `${role} can read the sources' secret from a worker.`);
    },
  },
  {
    name: "a function that fetches strangers' files holds no secret of Showpad or of a signature",
    mistakes: [
      {
        mistake: "Showpad's secret beside strangers' files",
        path: 'Resources/StageBinaryRole/Properties/Policies/0/PolicyDocument/Statement/9',
        value: {
          Effect: 'Allow',
          Action: 'secretsmanager:GetSecretValue',
          Resource: { Ref: 'ShowpadSecretArn' },
        },
      },
      {
        mistake: "the sources' signing secrets beside strangers' files, under a condition",
        path: 'Resources/StageBinaryRole/Properties/Policies/0/PolicyDocument/Statement/6/Fn::If/1/Resource',
        value: [{ Ref: 'SourceCredentialsSecretArn' }, { Ref: 'SourcesSecretArn' }],
      },
    ],
    faults: (template) => {
      const readers = new Set([
        ...readersOf(template, 'ShowpadSecretArn'),
        ...readersOf(template, 'SourcesSecretArn'),
      ]);
      return stagersOf(template)
        .filter((role) => readers.has(role))
        .map((role) => `${role} stages strangers' files and can read a secret.`);
    },
  },
  {
    name: "only the function that asks sources for their files can read the sources' credentials",
    mistakes: [
      {
        mistake: "the sources' credentials behind the open door",
        path: 'Resources/ReceiveEventRole/Properties/Policies/0/PolicyDocument/Statement/2/Resource',
        value: [{ Ref: 'SourcesSecretArn' }, { Ref: 'SourceCredentialsSecretArn' }],
      },
      {
        mistake: "the sources' credentials in another worker",
        path: 'Resources/UploadAssetRole/Properties/Policies/0/PolicyDocument/Statement/3/Resource',
        value: [{ Ref: 'ShowpadSecretArn' }, { Ref: 'SourceCredentialsSecretArn' }],
      },
      {
        mistake: 'a change of the credentials',
        path: 'Resources/StageBinaryRole/Properties/Policies/0/PolicyDocument/Statement/6/Fn::If/1/Action',
        value: ['secretsmanager:GetSecretValue', 'secretsmanager:PutSecretValue'],
      },
    ],
    faults: (template) => {
      const stagers = stagersOf(template);
      const writers = grantsOf(template).filter(
        ({ role, statement }) =>
          stagers.includes(role) &&
          list(at(statement, 'Action')).some(
            (action) =>
              String(action).startsWith('secretsmanager:') && action !== 'secretsmanager:GetSecretValue',
          ),
      );
      return [
        ...[...readersOf(template, 'SourceCredentialsSecretArn')]
          .filter((role) => !stagers.includes(role))
          .map((role) => `${role} can read the sources' credentials and stages no file.`),
        ...writers.map(({ role }) => `${role} may do more with a secret than read it.`),
      ];
    },
  },
];
