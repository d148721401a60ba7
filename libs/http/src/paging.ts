import { z } from 'zod';
import { wholeNumber } from './validation.ts';

const DEFAULT_SIZE = 20; // Spring Data REST's own default and maximum
const MAX_SIZE = 1_000;

/**
 * `?page=&size=&sort=` as in Spring Data REST, plus a resource's own filters. Unknown parameters are
 * rejected: a misspelt filter must not return an unfiltered list.
 * @param sortable the properties to sort by; the first is the default, ascending
 */
export function pageQuery<F extends z.ZodRawShape>(
  sortable: readonly [string, ...string[]],
  filters: F,
) {
  const expected = `expected <property>[,asc|desc] with one of: ${sortable.join(', ')}`;
  const sort = z
    .string()
    .default(`${sortable[0]},asc`)
    .transform((text, context) => {
      const [property = '', direction = 'asc', ...rest] = text.split(',');
      if (sortable.includes(property) && /^(asc|desc)$/.test(direction) && rest.length === 0) {
        return { property, direction: direction as 'asc' | 'desc' };
      }
      context.addIssue({ code: 'custom', message: `${expected}, got ${JSON.stringify(text)}` });
      return z.NEVER;
    });
  return z.strictObject({
    page: wholeNumber(0, 1_000_000_000).default(0),
    size: wholeNumber(1, MAX_SIZE).default(DEFAULT_SIZE),
    sort,
    ...filters,
  });
}
