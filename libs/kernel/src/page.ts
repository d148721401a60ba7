/** A property to sort by, and its direction. */
export interface SortKey {
  readonly property: string;
  readonly direction: 'asc' | 'desc';
}

/** The requested page of a collection. */
export interface PageRequest {
  /** Counted from 0. */
  readonly page: number;
  /** The maximum number of items on the page. */
  readonly size: number;
  /** Rows that are equal by one key are sorted by the next. The last one is `id`, so no two rows are equal. */
  readonly sort: readonly SortKey[];
  /** The values of the sort keys of the last row before the page. The page starts after it, whatever its number. */
  readonly after?: readonly CursorValue[] | undefined;
}

/** A value of a property to sort by. */
export type CursorValue = string | number;

/** One page of a collection, with the number of items in the whole collection. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly total: number;
}
