import { ACCESS, type Access } from '@equipmgnt/contracts';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import {
  createDocument,
  type ZodOpenApiOperationObject,
  type ZodOpenApiPathsObject,
  type ZodOpenApiResponseObject,
} from 'zod-openapi';
import { PROBLEM_JSON } from './problem.ts';

/** The paths of a service, from the schemas that validate its requests. */
export type ApiPaths = ZodOpenApiPathsObject;

/** Where each service, and the gateway for all of them, serves its OpenAPI document. */
export const OPENAPI_PATH = '/openapi.json';

const METHODS = ['get', 'post', 'patch'] as const;

/** A number in an answer. */
export const count = z.int().nonnegative();

/** The id of a resource in an answer. */
export const id = z.int().positive();

/** A time in an answer: ISO 8601, in UTC. */
export const time = z.string().meta({ override: { type: 'string', format: 'date-time' } });

/** Who placed an order, in an answer. */
export const requester = z
  .object({ id: z.string(), name: z.string() })
  .meta({ id: 'Requester', description: 'Who placed the order; absent if nobody had signed in.' });

const links = z
  .record(z.string(), z.object({ href: z.string() }))
  .meta({ id: 'Links', description: 'Links by their relation: self, first, prev, next, last, …' });

/** A HAL resource with these fields. @param name of the schema in the document */
export const resource = <Shape extends z.ZodRawShape>(name: string, shape: Shape) =>
  z.object({ ...shape, _links: links }).meta({ id: name });

/** A JSON body, of a request or an answer. */
export const json = (schema: z.ZodType) => ({ content: { 'application/json': { schema } } });

/** An answer with a resource or a page; reads have an ETag. */
export const answer = (
  description: string,
  schema: z.ZodType,
  ...headers: ('location' | 'etag')[]
): ZodOpenApiResponseObject => ({
  description,
  headers: z.object(Object.fromEntries(headers.map((name) => [name, z.string()]))),
  content: { 'application/json': { schema }, 'application/hal+json': { schema } },
});

const problem = z
  .object({
    type: z.string().meta({ example: 'urn:equipmgnt:problem:invalid-input' }),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    instance: z.string().optional(),
    errors: z
      .array(
        z.object({
          in: z.enum(['body', 'query', 'path', 'header']),
          pointer: z.string().describe('JSON pointer to the field, as a URI fragment.'),
          detail: z.string().describe('The expected value and the actual one.'),
        }),
      )
      .optional(),
    behind: count.optional().describe('How many orders the view may lack, up to this one.'),
  })
  .meta({ id: 'Problem', description: 'Problem details (RFC 9457). The type is stable.' });

/** An error answer. */
export const refusal = (description: string): ZodOpenApiResponseObject => ({
  description,
  content: { [PROBLEM_JSON]: { schema: problem } },
});

/** A list of a collection, page by page. @param collection the key of its items, such as `orders` */
export const list = (
  summary: string,
  collection: string,
  item: z.ZodType,
  query: z.ZodObject,
): ZodOpenApiOperationObject => ({
  summary,
  requestParams: { query },
  responses: {
    '200': answer('A page.', pageOf(collection, item), 'etag'),
    '400': refusal('A bad parameter.'),
  },
});

/** A single resource by its id. @param missing what its 404 means */
export const read = (
  summary: string,
  item: z.ZodType,
  missing: string,
): ZodOpenApiOperationObject => ({
  summary,
  requestParams: { path: pathId },
  responses: {
    '200': answer('The resource.', item, 'etag'),
    '400': refusal('A bad id.'),
    '404': refusal(missing),
  },
});

const pageOf = (collection: string, item: z.ZodType) =>
  z.object({
    _embedded: z.object({ [collection]: z.array(item) }),
    _links: links,
    page: z.object({
      size: count,
      totalElements: count,
      totalPages: count,
      number: count.describe('Counted from 0.'),
    }),
  });

/** `Idempotency-Key`, for every POST. */
export const idempotencyKey = z.object({
  'Idempotency-Key': z
    .string()
    .max(255)
    .optional()
    .describe('Requests of one requester with the same key and body have one effect in 24 hours.'),
});

/** The id in a path. */
export const pathId = z.object({ id });

/**
 * The OpenAPI 3.1 document of a service. Each operation gets its role and the refusals that every
 * route has.
 */
export function openApiDocument(name: string, version: string, paths: ApiPaths): object {
  return createDocument({
    openapi: '3.1.1',
    info: { title: `Equipment rental: ${name}`, version },
    security: [{ token: [] }, {}],
    paths: Object.fromEntries(
      Object.entries(paths).map(([path, item]) => [
        path,
        Object.fromEntries(
          METHODS.flatMap((method) => {
            const operation = item[method];
            return operation ? [[method, withRefusals(path, method, operation)]] : [];
          }),
        ),
      ]),
    ),
    components: {
      securitySchemes: {
        token: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'JWT',
          description: 'A token of the configured issuer. Optional where sign-in is optional.',
        },
      },
    },
  });
}

function withRefusals(
  path: string,
  method: (typeof METHODS)[number],
  operation: ZodOpenApiOperationObject,
): ZodOpenApiOperationObject {
  const route = `${method.toUpperCase()} ${path.replace('{id}', ':id')}`;
  const access = (ACCESS as Readonly<Record<string, Access>>)[route];
  if (access === undefined) throw new Error(`ACCESS has no ${route}`);
  return {
    ...operation,
    ...(access !== 'anyone' && { description: `Needs the role ${access}.` }),
    responses: {
      ...operation.responses,
      ...(access !== 'anyone' && {
        '401': refusal('No token, or one that is not accepted.'),
        '403': refusal(`The role ${access} is missing.`),
      }),
      default: refusal('Any other refusal: overload, an unavailable database, a wrong media type.'),
    },
  };
}

/** Serves a document to everyone, as its paths are no secret. */
export function serveOpenApi(server: FastifyInstance, document: object): void {
  const text = JSON.stringify(document);
  server.get(OPENAPI_PATH, (_request, reply) =>
    reply.header('content-type', 'application/json; charset=utf-8').send(text),
  );
}
