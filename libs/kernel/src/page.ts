/** The requested page of a collection. */
export interface PageRequest {
  /** Counted from 0. */
  readonly page: number;
  /** The maximum number of items on the page. */
  readonly size: number;
  readonly sort: { readonly property: string; readonly direction: 'asc' | 'desc' };
}

/** One page of a collection, with the number of items in the whole collection. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly total: number;
}
