/** Which page of a collection is wanted. */
export interface PageRequest {
  /** Counted from 0. */
  readonly page: number;
  /** The largest number of items on it. */
  readonly size: number;
  readonly sort: { readonly property: string; readonly direction: 'asc' | 'desc' };
}

/** One page of a collection, and the number of items in the whole collection. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly total: number;
}
