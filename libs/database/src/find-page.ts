import type { CursorValue, Page, PageRequest, SortKey } from '@equipmgnt/kernel';
import { Raw, type FindOptionsOrder, type FindOptionsWhere, type Repository } from 'typeorm';
import { readPostgresList } from './list-reads.ts';
import { readRowCount } from './row-count.ts';

/**
 * One page of the table whose rows are counted ({@link countRows}), or of those of its rows that a
 * condition selects.
 * @param wanted the properties of its `sort` must be properties of the entity
 * @param where should select few rows, since they are counted one by one
 */
export async function findPage<Row extends { id: number }, T>(
  repository: Repository<Row>,
  { page, size, sort, after }: PageRequest,
  toItem: (row: Row) => T,
  where?: FindOptionsWhere<Row>,
): Promise<Page<T>> {
  const order = Object.fromEntries(sort.map(({ property, direction }) => [property, direction]));
  return readPostgresList(repository.manager.dataSource, async (manager) => {
    const table = manager.withRepository(repository);
    const rows = await table.find({
      where: { ...where, ...(after && startAfter(sort, after)) } as FindOptionsWhere<Row>,
      order: order as FindOptionsOrder<Row>,
      skip: after ? 0 : page * size,
      take: size,
    });
    const total = where ? await table.countBy(where) : await readRowCount(manager);
    return { items: rows.map(toItem), total };
  });
}

/** The condition for rows after the one with these sort keys: one property and the id, or only the id. */
function startAfter([key]: readonly SortKey[], values: readonly CursorValue[]) {
  if (key === undefined) return {};
  const operator = key.direction === 'asc' ? '>' : '<';
  const compare = (column: string) =>
    values.length === 1
      ? `(${column}) ${operator} (:...after)`
      : `(${column}, id) ${operator} (:...after)`;
  return { [key.property]: Raw(compare, { after: values }) };
}
