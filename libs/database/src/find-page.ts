import type { Page, PageRequest } from '@equipmgnt/kernel';
import type { FindOptionsOrder, FindOptionsWhere, Repository } from 'typeorm';
import { readPostgresList } from './list-reads.ts';

/**
 * One page of a table, or of those of its rows that a condition selects.
 * @param wanted the properties of its `sort` must be properties of the entity
 */
export async function findPage<Row extends { id: number }, T>(
  repository: Repository<Row>,
  { page, size, sort }: PageRequest,
  toItem: (row: Row) => T,
  where: FindOptionsWhere<Row> = {},
): Promise<Page<T>> {
  const order = Object.fromEntries(sort.map(({ property, direction }) => [property, direction]));
  const [rows, total] = await readPostgresList(repository.manager.dataSource, (manager) =>
    manager.withRepository(repository).findAndCount({
      where,
      order: order as FindOptionsOrder<Row>,
      skip: page * size,
      take: size,
    }),
  );
  return { items: rows.map(toItem), total };
}
