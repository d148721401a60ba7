import type { Page, PageRequest } from '@equipmgnt/kernel';
import type { FastifyRequest } from 'fastify';
import { isReachable } from './paging.ts';

export interface Link {
  readonly href: string;
  readonly templated?: true;
}

/** A HAL resource: the state, with links to itself and to related resources. */
export type Hal<T> = T & { readonly _links: Record<string, Link> };

/** A page of a HAL collection, in the shape of Spring Data REST. */
export interface HalPage<T> {
  readonly _embedded: Record<string, Hal<T>[]>;
  readonly _links: Record<string, Link>;
  readonly page: PageMetadata;
}

export interface PageMetadata {
  readonly size: number;
  readonly totalElements: number;
  readonly totalPages: number;
  /** Counted from 0. */
  readonly number: number;
}

/** One resource with its links. `rel` is its singular name, `path` that of its collection. */
export function halResource<T extends { id: number }>(
  request: FastifyRequest,
  rel: string,
  path: string,
  state: T,
  related: Record<string, string> = {},
): Hal<T> {
  const base = request.linkBase;
  const self = { href: `${base}/${path}/${state.id}` };
  const links = Object.entries(related).map(([name, target]) => [
    name,
    { href: `${base}/${target}` },
  ]);
  return { ...state, _links: { self, [rel]: self, ...Object.fromEntries(links) } };
}

/**
 * A page of resources with links to the neighbouring pages.
 * @param toResource also answers a single item of the collection
 */
export function halPage<T, B>(
  request: FastifyRequest,
  path: string,
  wanted: PageRequest,
  { items, total }: Page<T>,
  toResource: (request: FastifyRequest, item: T) => Hal<B>,
): HalPage<B> {
  const totalPages = Math.ceil(total / wanted.size);
  const collection = `${request.linkBase}/${path}`;
  const query = /\?.*/.exec(request.url)?.[0] ?? '';
  const at = (number: number): Link => {
    const parameters = new URLSearchParams(query);
    parameters.set('page', String(number));
    parameters.set('size', String(wanted.size));
    return { href: `${collection}?${parameters}` };
  };
  const hasPage = (page: number): boolean =>
    page < totalPages && isReachable({ page, size: wanted.size });
  return {
    _embedded: { [path]: items.map((item) => toResource(request, item)) },
    _links: {
      ...(totalPages > 1 && { first: at(0) }),
      ...(wanted.page > 0 && totalPages > 0 && { prev: at(Math.min(wanted.page, totalPages) - 1) }),
      self: { href: collection + query },
      ...(hasPage(wanted.page + 1) && { next: at(wanted.page + 1) }),
      ...(totalPages > 1 && hasPage(totalPages - 1) && { last: at(totalPages - 1) }),
    },
    page: { size: wanted.size, totalElements: total, totalPages, number: wanted.page },
  };
}
