import type { FastifyRequest } from 'fastify';
import { halPage, halResource } from './hal.ts';

const request = (url = '/orders') =>
  ({ linkBase: 'https://rental.example', url }) as FastifyRequest;

const orderResource = (of: FastifyRequest, order: { id: number }) =>
  halResource(of, 'order', 'orders', order);

const linksOf = (url: string, page: number, size: number, total: number) =>
  Object.fromEntries(
    Object.entries(
      halPage(
        request(url),
        'orders',
        { page, size, sort: [{ property: 'id', direction: 'asc' }] },
        { items: [], total },
        orderResource,
      )._links,
    ).map(([rel, { href }]) => [rel, href.replace('https://rental.example/orders', '')]),
  );

describe('A HAL resource', () => {
  it('links to itself and to related resources, at the origin that the client used', () => {
    expect(halResource(request(), 'order', 'orders', { id: 7, qty: 2 }, { mis: 'mis/7' })).toEqual({
      id: 7,
      qty: 2,
      _links: {
        self: { href: 'https://rental.example/orders/7' },
        order: { href: 'https://rental.example/orders/7' },
        mis: { href: 'https://rental.example/mis/7' },
      },
    });
  });
});

describe('A HAL page', () => {
  it('has its items, and the number of items and pages', () => {
    const wanted = { page: 1, size: 10, sort: [{ property: 'id', direction: 'asc' as const }] };
    const second = { items: [{ id: 11 }], total: 21 };
    const { page, _embedded } = halPage(request(), 'orders', wanted, second, orderResource);
    expect(_embedded).toEqual({ orders: [orderResource(request(), { id: 11 })] });
    expect(page).toEqual({
      size: 10,
      totalElements: 21,
      totalPages: 3,
      number: 1,
    });
  });

  it('links to the neighbouring pages and keeps the rest of the query', () => {
    expect(linksOf('/orders?page=1&size=10&sort=qty,desc', 1, 10, 21)).toEqual({
      first: '?page=0&size=10&sort=qty%2Cdesc',
      prev: '?page=0&size=10&sort=qty%2Cdesc',
      self: '?page=1&size=10&sort=qty,desc',
      next: '?page=2&size=10&sort=qty%2Cdesc',
      last: '?page=2&size=10&sort=qty%2Cdesc',
    });
  });

  it('links only to itself when it is the only page', () => {
    expect(linksOf('/orders', 0, 20, 0)).toEqual({ self: '' });
  });

  it('says, deep in a list, after which row the next page starts', () => {
    const sort = [
      { property: 'status', direction: 'desc' },
      { property: 'id', direction: 'desc' },
    ] as const;
    const linksAt = (number: number, after?: (string | number)[]) => {
      const query = `sort=status,desc&page=${number}&size=1000${after ? `&after=${after}` : ''}`;
      const { _links } = halPage(
        request(`/orders?${query}`),
        'orders',
        { page: number, size: 1_000, sort, after },
        {
          items: [
            { id: 9, status: 'ORDERED' },
            { id: 7, status: 'APPROVED' },
          ],
          total: 50_000,
        },
        orderResource,
      );
      return Object.entries(_links).map(([rel, { href }]) => [
        rel,
        new URL(href).searchParams.get('page'),
        new URL(href).searchParams.get('after'),
      ]);
    };
    expect(linksAt(9)).toEqual([
      ['first', '0', null],
      ['prev', '8', null],
      ['self', '9', null],
      ['next', '10', null],
    ]);
    expect(linksAt(10)).toEqual([
      ['first', '0', null],
      ['prev', '9', null],
      ['self', '10', null],
      ['next', '11', 'APPROVED,7'],
    ]);
    expect(linksAt(12, ['ORDERED', 10])).toEqual([
      ['first', '0', null],
      ['self', '12', 'ORDERED,10'],
      ['next', '13', 'APPROVED,7'],
    ]);
  });

  it('links to the last page from beyond the end', () => {
    expect(linksOf('/orders?page=9', 9, 20, 21)).toMatchObject({ prev: '?page=1&size=20' });
  });
});
