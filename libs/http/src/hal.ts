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
 * A page of resources with links to the neighbouring pages. Deep in the list, the link to the next page
 * says after which row it starts.
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
  const resources = items.map((item) => toResource(request, item));
  const at = (number: number, after?: string): Link => {
    const parameters = new URLSearchParams(query);
    parameters.set('page', String(number));
    parameters.set('size', String(wanted.size));
    if (after === undefined) parameters.delete('after');
    else parameters.set('after', after);
    return { href: `${collection}?${parameters}` };
  };
  const hasPage = (page: number): boolean =>
    page < totalPages && isReachable({ page, size: wanted.size });
  const prev = Math.min(wanted.page, totalPages) - 1;
  const next = wanted.page + 1;
  const isNear = wanted.after === undefined && hasPage(next);
  const last = resources.at(-1) as Record<string, unknown> | undefined;
  const cursor = last && wanted.sort.map(({ property }) => last[property]).join(',');
  return {
    _embedded: { [path]: resources },
    _links: {
      ...(totalPages > 1 && { first: at(0) }),
      ...(prev >= 0 && hasPage(prev) && { prev: at(prev) }),
      self: { href: collection + query },
      ...(next < totalPages &&
        (isNear || cursor) && { next: at(next, isNear ? undefined : cursor) }),
      ...(totalPages > 1 && hasPage(totalPages - 1) && { last: at(totalPages - 1) }),
    },
    page: { size: wanted.size, totalElements: total, totalPages, number: wanted.page },
  };
}
