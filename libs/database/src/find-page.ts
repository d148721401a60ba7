import type { Page, PageRequest } from '@equipmgnt/kernel';
import type { FindOptionsOrder, Repository } from 'typeorm';
import { readPostgresList } from './list-reads.ts';

/**
 * One page of a table.
 * @param wanted the properties of its `sort` must be properties of the entity
 */
export async function findPage<Row extends { id: number }, T>(
  repository: Repository<Row>,
  { page, size, sort }: PageRequest,
  toItem: (row: Row) => T,
): Promise<Page<T>> {
  const order = Object.fromEntries(sort.map(({ property, direction }) => [property, direction]));
  const [rows, total] = await readPostgresList(repository.manager.dataSource, (manager) =>
    manager.withRepository(repository).findAndCount({
      order: order as FindOptionsOrder<Row>,
      skip: page * size,
      take: size,
    }),
  );
  return { items: rows.map(toItem), total };
}
