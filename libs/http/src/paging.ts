import type { CursorValue, PageRequest, SortKey } from '@equipmgnt/kernel';
import { z } from 'zod';
import { resourceId, wholeNumber } from './validation.ts';

const DEFAULT_SIZE = 20; // Spring Data REST's own default and maximum
const MAX_SIZE = 1_000;
/** The database reads and discards all rows before a page, unless its request says after which row it starts. */
const MAX_OFFSET = 10_000;
const CURSOR = /^\w{1,20}(,\w{1,20})*$/;

/**
 * `?page=&size=&sort=` as in Spring Data REST, with several `sort`, plus a resource's own filters.
 * Unknown parameters are rejected: a misspelt filter must not return an unfiltered list.
 *
 * An index of a property and the id serves a list in this order, from either end. Any other order would
 * sort the whole table for each page, so it is rejected.
 *
 * `after`, from the link to the next page, has the values of the sort keys of the last row before the page.
 * @param sortable the properties to sort by, each with such an index; the first is the default, ascending
 * @param filters one with the name of a property also says what its values are; other values are ids
 */
export function pageQuery<F extends z.ZodRawShape>(
  sortable: readonly [string, ...string[]],
  filters: F,
) {
  const expected = `expected <property>[,asc|desc] with one of: ${sortable.join(', ')}`;
  const sort = z
    .union([z.string(), z.array(z.string())])
    .default(sortable[0])
    .transform((given, context) => {
      const keys = [given].flat().flatMap((text) => sortKeysOf(text, sortable) ?? [undefined]);
      const got = `got ${JSON.stringify(given)}`;
      if (!keys.every((key) => key !== undefined)) {
        context.addIssue({ code: 'custom', message: `${expected}, ${got}` });
        return z.NEVER;
      }
      const order = totalOrder(keys);
      if (!isIndexed(order)) {
        const message = `expected one property, and after it only id in the same direction, ${got}`;
        context.addIssue({ code: 'custom', message });
      }
      return order;
    });
  const page = wholeNumber(0, 1_000_000_000).default(0);
  const size = wholeNumber(1, MAX_SIZE).default(DEFAULT_SIZE);
  const after = z
    .string()
    .regex(CURSOR, { error: 'expected the value of a link to the next page', abort: true })
    .transform((text) => text.split(',').map(cursorValue))
    .optional()
    .describe('The sort keys of the last row before the page, from the link to it.');
  return z.strictObject({ page, size, sort, after, ...filters }).superRefine((query, context) => {
    const wanted = query as unknown as PageRequest;
    if (wanted.after === undefined) {
      if (isReachable(wanted)) return;
      const message = `a page may start at most at row ${MAX_OFFSET}; follow the links to the next page, or sort in the other direction`;
      context.addIssue({ code: 'custom', path: ['page'], message });
    } else if (!isCursor(wanted.after, wanted.sort, filters)) {
      const properties = wanted.sort.map(({ property }) => property).join(',');
      const message = `expected a value of each sort key: ${properties}`;
      context.addIssue({ code: 'custom', path: ['after'], message });
    }
  });
}

const cursorValue = (text: string): CursorValue => (/^\d{1,16}$/.test(text) ? Number(text) : text);

/** Whether each value is one of the property at its place. */
const isCursor = (
  values: readonly CursorValue[],
  sort: readonly SortKey[],
  filters: z.ZodRawShape,
): boolean =>
  values.length === sort.length &&
  sort.every(({ property }, i) => z.safeParse(filters[property] ?? resourceId, values[i]).success);

/** Whether an index of the first property and the id has this order. */
const isIndexed = ([first, ...others]: readonly SortKey[]): boolean =>
  others.every(({ property, direction }) => property === 'id' && direction === first?.direction);

/** Whether a page is near enough to the start of the list. */
export const isReachable = ({ page, size }: Pick<PageRequest, 'page' | 'size'>): boolean =>
  page * size <= MAX_OFFSET;

/** The keys of one `sort` parameter: properties, and at the end the direction of all of them. */
function sortKeysOf(text: string, sortable: readonly string[]): SortKey[] | undefined {
  const [, names = '', order = 'asc'] = /^(.*?)(?:,(asc|desc))?$/i.exec(text) ?? [];
  const properties = names.split(',');
  if (!properties.every((property) => sortable.includes(property))) return undefined;
  const direction = order.toLowerCase() as SortKey['direction'];
  return properties.map((property) => ({ property, direction }));
}

/** Ends with `id`, so that no row is on two pages. What follows a unique or an equal key has no effect. */
function totalOrder(keys: readonly SortKey[]): SortKey[] {
  const names = keys.map(({ property }) => property);
  const effective = keys.filter(({ property }, i) => names.indexOf(property) === i);
  const id = effective.findIndex(({ property }) => property === 'id');
  if (id >= 0) return effective.slice(0, id + 1);
  return [...effective, { property: 'id', direction: effective.at(-1)?.direction ?? 'asc' }];
}
