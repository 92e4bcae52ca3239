import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ValidateFunction } from 'ajv/dist/2019.js';
import * as z from 'zod';
import { compileSchema, failures, schemaSchema, type Schema } from './openapi-schema.ts';
import { readForm, readParameter } from './sent-values.ts';

/** One request and its answer, as the Showpad emulator's request log records them. */
export interface Exchange {
  readonly method: string;
  /** With the base path of the API, for example `/v4/assets`. */
  readonly path: string;
  /** As it was sent, without the question mark. */
  readonly query: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
  /** Null when there was no answer. */
  readonly status: number | null;
  readonly answer: unknown;
  readonly answerMediaType: string | null;
}

export interface Contract {
  readonly operations: readonly {
    /** `METHOD /path/{template}` as the document writes it. */
    readonly label: string;
    readonly statuses: readonly string[];
  }[];
  /** What the request and its answer have against the document; empty when both conform. */
  violations(exchange: Exchange): string[];
  requestViolations(exchange: Exchange): string[];
  answerViolations(exchange: Exchange): string[];
}

/**
 * Showpad's published OpenAPI document for API v4, from the directory in SHOWPAD_OPENAPI or from
 * `../shared/openapi` beside the repository. Undefined, with a line on the console, where neither has it.
 */
export function loadShowpadContract(): Contract | undefined {
  const document = readOpenApi('showpad-v4.json');
  return document && compileContract(document, '/v4');
}

/** Reads a document from where `loadShowpadContract` says. */
export function readOpenApi(fileName: string): Document | undefined {
  const beside = fileURLToPath(new URL('../../../shared/openapi', import.meta.url));
  const directory = process.env['SHOWPAD_OPENAPI'] ?? beside;
  const file = join(directory, fileName);
  if (!existsSync(file)) {
    console.warn(
      `Contract tests are skipped: Showpad's OpenAPI document ${fileName} was not found. ` +
        'Set SHOWPAD_OPENAPI to the directory that holds it.',
    );
    return undefined;
  }
  return documentSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
}

const parameterSchema = z.object({
  name: z.string(),
  in: z.enum(['path', 'query', 'header']),
  required: z.boolean().default(false),
  style: z.string().optional(),
  explode: z.boolean().optional(),
  schema: schemaSchema,
});
type Parameter = z.infer<typeof parameterSchema>;
const parametersSchema = z.array(parameterSchema).default([]);

const contentSchema = z.record(z.string(), z.object({ schema: schemaSchema.default({}) })).default({});
const operationSchema = z.object({
  parameters: parametersSchema,
  requestBody: z.object({ required: z.boolean().default(false), content: contentSchema }).optional(),
  responses: z.record(z.string(), z.object({ content: contentSchema })),
});
export const documentSchema = z.object({
  paths: z.record(
    z.string(),
    z.object({
      parameters: parametersSchema,
      get: operationSchema.optional(),
      post: operationSchema.optional(),
      put: operationSchema.optional(),
      delete: operationSchema.optional(),
    }),
  ),
});
export type Document = z.infer<typeof documentSchema>;

interface CompiledParameter extends Parameter {
  readonly validate: ValidateFunction;
}

interface CompiledBody {
  readonly required: boolean;
  readonly mediaType: string;
  readonly schema: Schema;
  readonly validate: ValidateFunction;
}

/** How an API departs from one with a status and a schema for each answer. */
export interface ContractOptions {
  /** The end of paths that may be left out. */
  readonly optionalSuffix?: string;
  /** What answers that report an error look like, whatever the operation, where the document does not say it. */
  readonly errors?: { readonly schema: Schema; readonly includes: (exchange: Exchange) => boolean };
}

interface CompiledOperation {
  readonly label: string;
  readonly method: string;
  readonly pattern: RegExp;
  readonly parameters: readonly CompiledParameter[];
  readonly body: CompiledBody | undefined;
  readonly answers: ReadonlyMap<string, ReadonlyMap<string, ValidateFunction>>;
}

/** Compiles a document; `basePath` is what its servers' URLs end in. Throws where a schema cannot be compiled. */
export function compileContract(
  document: Document,
  basePath: string,
  { optionalSuffix = '', errors }: ContractOptions = {},
): Contract {
  const operations = Object.entries(document.paths).flatMap(([template, { parameters, ...methods }]) =>
    Object.entries(methods).flatMap(([method, operation]) =>
      operation === undefined
        ? []
        : compileOperation(method.toUpperCase(), template, pathPattern(template, basePath, optionalSuffix), {
            ...operation,
            parameters: [...parameters, ...operation.parameters],
          }),
    ),
  );
  // A literal path is meant before a template that matches it as well.
  operations.sort((left, right) => left.label.split('{').length - right.label.split('{').length);
  const find = ({ method, path }: Exchange) =>
    operations.find((operation) => operation.method === method && operation.pattern.test(path));

  const check = (exchange: Exchange, what: string, run: typeof requestFaults): string[] => {
    const operation = find(exchange);
    if (operation === undefined) {
      return [`${exchange.method} ${exchange.path}: the document has no such operation`];
    }
    return run(operation, exchange).map((fault) => `${operation.label}: ${what}: ${fault}`);
  };
  const requestViolations = (exchange: Exchange) => check(exchange, 'request', requestFaults);
  const validateError = errors && compileSchema(errors.schema);
  const answerViolations = (exchange: Exchange) =>
    validateError !== undefined && errors?.includes(exchange) === true
      ? failures(validateError, exchange.answer, `${exchange.method} ${exchange.path}: error`)
      : check(exchange, 'answer', answerFaults);
  return {
    operations: operations.map(({ label, answers }) => ({ label, statuses: [...answers.keys()] })),
    requestViolations,
    answerViolations,
    violations: (exchange) => [...new Set([...requestViolations(exchange), ...answerViolations(exchange)])],
  };
}

function pathPattern(template: string, basePath: string, optionalSuffix: string): RegExp {
  const escape = (text: string) => text.replaceAll('.', String.raw`\.`);
  const hasSuffix = optionalSuffix !== '' && template.endsWith(optionalSuffix);
  const literals = template.slice(0, hasSuffix ? -optionalSuffix.length : undefined).split(/\{[^}]*\}/u);
  const end = optionalSuffix === '' ? '' : `(?:${escape(optionalSuffix)})?`;
  return new RegExp(`^${basePath}${literals.map(escape).join('[^/]+?')}${end}$`, 'u');
}

function compileOperation(
  method: string,
  template: string,
  pattern: RegExp,
  operation: z.infer<typeof operationSchema>,
): CompiledOperation {
  const { requestBody, parameters, responses } = operation;
  const [mediaType = '', { schema: bodySchema } = {}] = Object.entries(requestBody?.content ?? {})[0] ?? [];
  return {
    label: `${method} ${template}`,
    method,
    pattern,
    parameters: parameters.map((parameter) => ({
      ...parameter,
      validate: compileSchema(parameter.schema),
    })),
    body: bodySchema && {
      required: requestBody?.required ?? false,
      mediaType,
      schema: bodySchema,
      validate: compileSchema(bodySchema),
    },
    answers: new Map(
      Object.entries(responses).map(([status, { content }]) => [
        status,
        new Map(Object.entries(content).map(([type, { schema }]) => [type, compileSchema(schema)])),
      ]),
    ),
  };
}

function requestFaults(operation: CompiledOperation, exchange: Exchange): string[] {
  return [...queryFaults(operation, exchange), ...bodyFaults(operation, exchange)];
}

function queryFaults(operation: CompiledOperation, { query }: Exchange): string[] {
  const sent = new URLSearchParams(query);
  const known = operation.parameters.filter((parameter) => parameter.in === 'query');
  const unknown = [...new Set(sent.keys())].filter(
    (name) => !known.some((parameter) => parameter.name === name),
  );
  return [
    ...unknown.map((name) => `the query parameter ${name} is not in the document`),
    ...known.flatMap((parameter) => {
      const values = sent.getAll(parameter.name);
      if (values.length === 0)
        return parameter.required ? [`the query parameter ${parameter.name} is missing`] : [];
      return failures(
        parameter.validate,
        readParameter(parameter, values),
        `query parameter ${parameter.name}`,
      );
    }),
  ];
}

function bodyFaults({ body: expected }: CompiledOperation, { body, headers }: Exchange): string[] {
  if (body === undefined) return expected?.required === true ? ['the body is missing'] : [];
  if (expected === undefined) return ['the operation takes no body'];
  const mediaType = bareMediaType(headers['content-type'] ?? '');
  return [
    ...(mediaType === expected.mediaType
      ? []
      : [`the body is sent as ${mediaType || 'nothing'}, not as ${expected.mediaType}`]),
    ...failures(
      expected.validate,
      expected.mediaType === 'multipart/form-data' ? readForm(expected.schema, body) : body,
      'body',
    ),
  ];
}

function answerFaults({ answers }: CompiledOperation, exchange: Exchange): string[] {
  const { status, answer, answerMediaType } = exchange;
  if (status === null) return [];
  const contents = answers.get(String(status)) ?? answers.get('default');
  if (contents === undefined) return [`the status ${String(status)} is not in the document`];
  if (contents.size === 0) return answer === undefined ? [] : [`the status ${String(status)} has no body`];
  const mediaType = bareMediaType(answerMediaType ?? '');
  const validate = contents.get(mediaType);
  if (validate === undefined) {
    return [
      `the status ${String(status)} is answered as ${mediaType || 'nothing'}, not as ${[...contents.keys()].join(', ')}`,
    ];
  }
  return failures(validate, answer, `body of ${String(status)}`);
}

function bareMediaType(contentType: string): string {
  return (contentType.split(';', 1)[0] ?? '').trim().toLowerCase();
}
