import { breakingChanges } from './compare.ts';
import type { Contracts, Operation, Schema } from './documents.ts';

const order: Schema = {
  type: 'object',
  properties: {
    id: { type: 'integer' },
    status: { type: 'string', enum: ['ORDERED', 'APPROVED'] },
    reason: { type: 'string' },
  },
  required: ['id', 'status'],
};
const ordered: Schema = {
  type: 'object',
  properties: { qty: { type: 'integer', maximum: 10 }, note: { type: 'string' } },
  required: ['qty'],
};

interface Parts {
  readonly request?: Schema;
  readonly answer?: Schema;
  readonly event?: Schema;
  readonly operation?: Partial<Operation>;
}

/** Contracts with one operation and one event, and the given changes. */
const contracts = ({ request = ordered, answer = order, event = ordered, operation }: Parts = {}) =>
  ({
    openApi: {
      paths: {
        '/orders': {
          post: {
            parameters: [{ name: 'page', in: 'query', schema: { type: 'integer', maximum: 100 } }],
            requestBody: { content: { 'application/json': { schema: request } } },
            responses: {
              '201': {
                content: { 'application/json': { schema: { $ref: '#/components/schemas/O' } } },
              },
            },
            ...operation,
          },
        },
      },
      components: { schemas: { O: answer } },
    },
    asyncApi: { components: { messages: { Ordered: { name: 'Ordered.v1', payload: event } } } },
  }) satisfies Contracts;

const property = (schema: Schema, name: string, value: Schema): Schema => ({
  ...schema,
  properties: { ...schema.properties, [name]: value },
});
const without = (schema: Schema, name: string): Schema => ({
  ...schema,
  properties: Object.fromEntries(
    Object.entries(schema.properties ?? {}).filter(([each]) => each !== name),
  ),
});

describe('The comparison of contracts', () => {
  it('finds nothing in equal ones', () => {
    expect(breakingChanges(contracts(), contracts())).toEqual([]);
  });

  it.each<[string, Parts]>([
    [
      'a new optional field of a request',
      { request: property(ordered, 'when', { type: 'string' }) },
    ],
    [
      'a wider limit of a request',
      { request: property(ordered, 'qty', { type: 'integer', maximum: 20 }) },
    ],
    ['a field of a request that is no longer required', { request: { ...ordered, required: [] } }],
    ['a new field of an answer', { answer: property(order, 'owner', { type: 'string' }) }],
    [
      'an optional field of an answer that is always there',
      { answer: { ...order, required: ['id', 'status', 'reason'] } },
    ],
    ['a new field of an event', { event: property(ordered, 'requester', { type: 'object' }) }],
    [
      'a new optional parameter',
      {
        operation: {
          parameters: [
            { name: 'page', in: 'query', schema: { type: 'integer', maximum: 100 } },
            { name: 'after', in: 'query', schema: { type: 'string' } },
          ],
        },
      },
    ],
  ])('allows %s', (_, parts) => {
    expect(breakingChanges(contracts(), contracts(parts))).toEqual([]);
  });

  it.each<[string, Parts, string]>([
    [
      'a new required field of a request',
      { request: { ...ordered, required: ['qty', 'note'] } },
      'POST /orders: request: note is required now',
    ],
    [
      'a closer limit of a request',
      { request: property(ordered, 'qty', { type: 'integer', maximum: 5 }) },
      'POST /orders: request: qty: maximum is 5 now',
    ],
    [
      'a limit where there was none',
      { request: property(ordered, 'note', { type: 'string', maxLength: 9 }) },
      'POST /orders: request: note: maxLength is 9 now',
    ],
    [
      'a field that a request may no longer have',
      { request: { ...without(ordered, 'note'), additionalProperties: false } },
      'POST /orders: request: note is refused now',
    ],
    [
      'a required parameter',
      {
        operation: {
          parameters: [
            {
              name: 'page',
              in: 'query',
              required: true,
              schema: { type: 'integer', maximum: 100 },
            },
          ],
        },
      },
      'POST /orders: the query parameter page is required now',
    ],
    [
      'a closer limit of a parameter',
      {
        operation: {
          parameters: [{ name: 'page', in: 'query', schema: { type: 'integer', maximum: 50 } }],
        },
      },
      'POST /orders: the query parameter page: maximum is 50 now',
    ],
    [
      'a parameter that is gone',
      { operation: { parameters: [] } },
      'POST /orders: the query parameter page is gone',
    ],
    [
      'a field of an answer that is gone',
      { answer: without(order, 'reason') },
      'POST /orders: response 201: reason is gone',
    ],
    [
      'a field of an answer that may be absent',
      { answer: { ...order, required: ['id'] } },
      'POST /orders: response 201: status is optional now',
    ],
    [
      'another type in an answer',
      { answer: property(order, 'id', { type: 'string' }) },
      'POST /orders: response 201: id: type is integer no longer',
    ],
    [
      'a new value in an answer',
      {
        answer: property(order, 'status', {
          type: 'string',
          enum: ['ORDERED', 'APPROVED', 'LENT'],
        }),
      },
      'POST /orders: response 201: status: value is one of ORDERED, APPROVED no longer',
    ],
    [
      'a status that is gone',
      { operation: { responses: {} } },
      'POST /orders: response 201 is gone',
    ],
    [
      'a renamed field of an event',
      { event: property(without(ordered, 'qty'), 'quantity', { type: 'integer' }) },
      'the event Ordered.v1: qty is gone',
    ],
  ])('finds %s', (_, parts, change) => {
    expect(breakingChanges(contracts(), contracts(parts))).toEqual([change]);
  });

  it('finds a path, an operation and an event that are gone', () => {
    const next = contracts();
    const empty = {
      openApi: { ...next.openApi, paths: {} },
      asyncApi: { components: { messages: {} } },
    };
    expect(breakingChanges(next, empty)).toEqual([
      'POST /orders is gone',
      'the event Ordered.v1 is gone',
    ]);
  });
});
