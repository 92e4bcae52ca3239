import * as z from 'zod';
import {
  compileContract,
  documentSchema,
  readOpenApi,
  type Contract,
  type Document,
  type Exchange,
} from './openapi.ts';
import { schemaSchema, type Schema } from './openapi-schema.ts';

/**
 * Showpad's published OpenAPI document for API v3, mended where it is known to be wrong: tickets name their asset
 * by a link, an object or null; an upload is answered with an Asset or a Ticket; the tickets of a Division and
 * one's own are described as something else; errors are not described at all; enumerations are alternatives that
 * only their titles tell apart.
 */
export function loadV3Contract(): Contract | undefined {
  const document = readOpenApi('showpad-v3.json');
  if (document === undefined) return undefined;
  return compileContract(mend(document), '/api/v3', {
    optionalSuffix: '.json',
    errors: { schema: errorSchema(document), includes: isError },
  });
}

type Operation = NonNullable<Document['paths'][string]['get']>;

function mend(document: Document): Document {
  const ticketLists = ['/divisions/{id}/tickets.json', '/users/me/tickets.json'];
  const responses = document.paths['/tickets.json']?.get?.responses ?? {};
  const mendOperation = (path: string, operation: Operation | undefined) => {
    const isTicketList = ticketLists.includes(path);
    return operation && mendEnumerations(isTicketList ? { ...operation, responses } : operation);
  };
  const mendUpload = (path: string, operation: Operation | undefined) => {
    if (operation === undefined || path !== '/divisions/{id}/assets.json') return operation;
    const schema = {
      anyOf: [answerSchema(operation), answerSchema(document.paths['/tickets/{id}.json']?.get)],
    };
    return { ...operation, responses: { default: { content: { 'application/json': { schema } } } } };
  };
  const paths: Document['paths'] = {};
  for (const [path, { parameters, get, post, put, delete: remove }] of Object.entries(document.paths)) {
    paths[path] = {
      parameters,
      get: mendOperation(path, get),
      post: mendOperation(path, mendUpload(path, post)),
      put: mendOperation(path, put),
      delete: mendOperation(path, remove),
    };
  }
  return replaceTicketAsset({ paths });
}

/** A value that is one of the titles of `anyOf`, in what requests send. */
function mendEnumerations({ parameters, requestBody, ...rest }: Operation): Operation {
  const mendSchema = (schema: Schema): Schema => {
    const titles = z.array(z.object({ title: z.string() })).safeParse(schema['anyOf']);
    if (titles.success) return { type: 'string', enum: titles.data.map(({ title }) => title) };
    const properties = z.record(z.string(), schemaSchema).safeParse(schema['properties']);
    if (!properties.success) return schema;
    const mended = Object.entries(properties.data).map(([name, property]) => [name, mendSchema(property)]);
    return { ...schema, properties: Object.fromEntries(mended) };
  };
  return {
    ...rest,
    parameters: parameters.map((parameter) => ({ ...parameter, schema: mendSchema(parameter.schema) })),
    requestBody: requestBody && {
      ...requestBody,
      content: Object.fromEntries(
        Object.entries(requestBody.content).map(([mediaType, { schema }]) => [
          mediaType,
          { schema: mendSchema(schema) },
        ]),
      ),
    },
  };
}

function replaceTicketAsset(document: Document): Document {
  const asset = {
    anyOf: [
      { type: 'string', format: 'link' },
      { type: 'object', properties: { id: { type: 'string' } }, required: ['id'] },
      { type: 'null' },
    ],
  };
  const isTicket = (value: unknown) => schemaSchema.safeParse(value).data?.['assetFilename'] !== undefined;
  const mended: unknown = JSON.parse(
    JSON.stringify(document, (_key, value: unknown) =>
      isTicket(value) ? { ...schemaSchema.parse(value), asset } : value,
    ),
  );
  return documentSchema.parse(mended);
}

function answerSchema(operation: Operation | undefined): Schema {
  return schemaSchema.parse(operation?.responses['default']?.content['application/json']?.schema);
}

const envelopeSchema = z.object({ meta: z.object({ code: z.number() }) });

function isError({ status, answer }: Exchange): boolean {
  const code = envelopeSchema.safeParse(answer).data?.meta.code ?? 0;
  return status !== null && Math.max(status, code) >= 400;
}

/** Errors as Showpad's page on error codes describes them, in the envelope of the document. */
function errorSchema(document: Document): Schema {
  const answer = answerSchema(document.paths['/tickets/{id}.json']?.get);
  const properties = schemaSchema.parse(answer['properties']);
  return {
    type: 'object',
    required: ['meta', 'response'],
    properties: {
      meta: { ...schemaSchema.parse(properties['meta']), required: ['code', 'message'] },
      response: {
        type: 'object',
        required: ['code', 'name', 'message'],
        properties: {
          code: { type: 'integer' },
          name: { type: 'string', pattern: 'Error$' },
          message: { type: 'string' },
        },
      },
    },
  };
}
