import { expect, test } from 'vitest';
import { apiCases } from './api-cases.ts';
import { bodyCases } from './body-cases.ts';
import { dnsCases } from './dns-cases.ts';
import { fileNameCases } from './file-name-cases.ts';
import { queueCases } from './queue-cases.ts';
import { redirectCases } from './redirect-cases.ts';
import { signatureCases } from './signature-cases.ts';
import { sourceServerCases } from './source-server-cases.ts';
import { urlCases } from './url-cases.ts';

test('the corpus is whole: 317 rows, each of them another', () => {
  const kinds = {
    urls: urlCases.map(({ url }) => url),
    dnsAnswers: dnsCases.map(({ addresses }) => addresses.join()),
    redirects: redirectCases.map(({ to }) => to),
    signatures: signatureCases.map(({ name }) => name),
    bodies: bodyCases.map(({ name }) => name),
    sourceServers: sourceServerCases.map(({ name }) => name),
    apiBehaviours: apiCases.map(({ name }) => name),
    queueCases: queueCases.map(({ name }) => name),
    fileNames: fileNameCases.map(({ name }) => name),
  };
  const counts = Object.fromEntries(Object.entries(kinds).map(([kind, rows]) => [kind, new Set(rows).size]));
  expect(counts).toEqual({
    urls: 109,
    dnsAnswers: 10,
    redirects: 7,
    signatures: 36,
    bodies: 32,
    sourceServers: 36,
    apiBehaviours: 27,
    queueCases: 15,
    fileNames: 45,
  });
  expect(Object.values(counts).reduce((sum, count) => sum + count, 0)).toBe(317);
});
