import { z } from 'zod';
import type { PageRequest } from '@equipmgnt/kernel';
import { pageQuery } from './paging.ts';
import { InvalidInput } from './problem.ts';
import { byId, InputPipe, oneOf, wholeNumber } from './validation.ts';

const order = z.strictObject({ qty: wholeNumber(1, 100), equipmentId: wholeNumber(1, 100) });

const check = async (
  schema: z.ZodType,
  value: unknown,
  type: 'body' | 'query' | 'param' = 'body',
) => {
  try {
    return await new InputPipe().transform(value, { type, schema } as never);
  } catch (error) {
    if (error instanceof InvalidInput) return error.errors;
    throw error;
  }
};

describe('Input', () => {
  it.each([1, '1', 100, '100', '007'])('accepts %p as a whole number', async (qty) => {
    expect(await check(order, { qty, equipmentId: 1 })).toEqual({
      qty: Number(qty),
      equipmentId: 1,
    });
  });

  it.each([0, -1, 1.5, 'two', '', ' 1', '1e2', '0x1', 2 ** 53, 101, null, true, [], {}])(
    'rejects %p as a whole number, and names the expected range',
    async (qty) => {
      const detail = `expected a whole number from 1 to 100, got ${JSON.stringify(qty)}`;
      expect(await check(order, { qty, equipmentId: 1 })).toEqual([
        { in: 'body', pointer: '#/qty', detail },
      ]);
    },
  );

  it('reports every invalid, missing or unknown field', async () => {
    expect(await check(order, { qty: 0, 'a/b': 1 })).toEqual([
      { in: 'body', pointer: '#/qty', detail: 'expected a whole number from 1 to 100, got 0' },
      {
        in: 'body',
        pointer: '#/equipmentId',
        detail: 'expected a whole number from 1 to 100, it is missing',
      },
      { in: 'body', pointer: '#/a~1b', detail: 'unknown field' },
    ]);
  });

  it.each([undefined, null, 'text', 5, []])('rejects %p as a body', async (body) => {
    expect(await check(order, body)).toEqual([
      { in: 'body', pointer: '#', detail: expect.stringContaining('expected') },
    ]);
  });

  it.each([
    ['DOWN', '"DOWN"'],
    [5, '5'],
    [undefined, 'nothing'],
  ])('rejects %p where one of some texts is expected', async (status, shown) => {
    const schema = z.strictObject({ status: oneOf(['ON', 'OFF']) });
    expect(await check(schema, { status: 'ON' })).toEqual({ status: 'ON' });
    expect(await check(schema, { status })).toEqual([
      { in: 'body', pointer: '#/status', detail: `expected one of ON, OFF, got ${shown}` },
    ]);
  });

  it('shortens a long value in the error', async () => {
    const errors = await check(order, { qty: 'x'.repeat(500), equipmentId: 1 });
    expect(JSON.stringify(errors).length).toBeLessThan(200);
  });

  it.each(['abc', '0', '-1', '1.5', String(2 ** 53)])('rejects %p as an id', async (id) => {
    expect(await check(byId, { id }, 'param')).toEqual([
      { in: 'path', pointer: '#/id', detail: expect.stringContaining('expected a whole number') },
    ]);
  });
});

describe('A page query', () => {
  const query = pageQuery(['id', 'qty', 'status'], {});

  it('has defaults', async () => {
    expect(await check(query, {}, 'query')).toEqual({
      page: 0,
      size: 20,
      sort: [{ property: 'id', direction: 'asc' }],
    });
  });

  it('accepts the parameters of Spring Data REST', async () => {
    expect(await check(query, { page: '2', size: '5', sort: 'qty,desc' }, 'query')).toEqual({
      page: 2,
      size: 5,
      sort: [
        { property: 'qty', direction: 'desc' },
        { property: 'id', direction: 'desc' },
      ],
    });
  });

  it('bounds the depth of a page', async () => {
    expect(await check(query, { page: '10', size: '1000' }, 'query')).toMatchObject({ page: 10 });
    expect(await check(query, { page: '11', size: '1000' }, 'query')).toEqual([
      { in: 'query', pointer: '#/page', detail: expect.stringContaining('row 10000') },
    ]);
  });

  describe('with the sort keys of the row before the page', () => {
    const listed = pageQuery(['id', 'status'], {
      status: oneOf(['ORDERED', 'APPROVED']).optional(),
    });

    it.each([
      ['id', '7', [7]],
      ['id,desc', '7', [7]],
      ['status', 'APPROVED,7', ['APPROVED', 7]],
    ])('has no bound: sort=%s, after=%s', async (sort, after, values) => {
      const deep = { page: '1000000', size: '1000', sort, after };
      expect(await check(listed, deep, 'query')).toMatchObject({ page: 1_000_000, after: values });
    });

    it.each([
      ['id', 'x'],
      ['id', '0'],
      ['id', ''],
      ['id', '1,2'],
      ['id', '7;8'],
      ['id', '99999999999999999'],
      ['status', '7'],
      ['status', 'LOST,7'],
      ['status', 'APPROVED,x'],
      ['status', 'APPROVED'],
    ])('rejects bad ones: sort=%s, after=%j', async (sort, after) => {
      expect(await check(listed, { sort, after }, 'query')).toEqual([
        expect.objectContaining({ in: 'query', pointer: '#/after' }),
      ]);
    });
  });

  it.each([
    [['status,id,desc'], 'status desc, id desc'],
    [['status,DESC', 'id,desc'], 'status desc, id desc'],
    [['id,desc', 'qty'], 'id desc'],
    [['qty', 'qty,desc'], 'qty asc, id asc'],
  ])('accepts several sort keys: %j', async (sort, keys) => {
    const page = await check(query, { sort: sort.length === 1 ? sort[0] : sort }, 'query');
    expect(
      (page as PageRequest).sort.map((key) => `${key.property} ${key.direction}`).join(', '),
    ).toBe(keys);
  });

  it.each([
    ['page', '-1'],
    ['size', '0'],
    ['size', '1001'],
    ['sort', 'price'],
    ['sort', 'qty,down'],
    ['sort', 'qty,desc,id'],
    ['sort', ['qty', 'price']],
    ['sort', ['status', 'qty']],
    ['sort', 'status,qty,desc'],
    ['sort', ['status,desc', 'id,asc']],
    ['sort', ''],
    ['sort', 'desc'],
    ['stauts', 'ORDERED'],
  ])('rejects %s=%j', async (name, value) => {
    expect(await check(query, { [name]: value }, 'query')).toEqual([
      expect.objectContaining({ in: 'query', pointer: `#/${name}` }),
    ]);
  });
});
