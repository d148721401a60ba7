/** How {@link updateUntilSaved} reads, changes and writes items. */
export interface Update<Item> {
  /** The stored items with these ids, in no particular order. */
  readonly load: (ids: readonly number[]) => Promise<readonly Item[]>;
  /** Changes an item, or creates the missing one. @returns nothing to leave it missing */
  readonly change: (id: number, item: Item | undefined) => Item | undefined;
  /**
   * Saves items, but skips those that another transaction has changed since they were loaded.
   * @returns the ids of the saved items
   */
  readonly save: (items: readonly Item[]) => Promise<ReadonlySet<number>>;
  readonly idOf: (item: Item) => number;
}

/**
 * Loads items, changes them and saves those that changed. Repeats this for the items that another
 * transaction changed in the meantime, so it ends only if items do not change for ever: a status that
 * only moves forward is enough.
 * @param ids without duplicates
 * @returns the items as they are after the change, in no particular order
 */
export async function updateUntilSaved<Item extends { readonly changed: boolean }>(
  ids: readonly number[],
  { load, change, save, idOf }: Update<Item>,
): Promise<Item[]> {
  const done: Item[] = [];
  let left = ids;
  while (left.length > 0) {
    const stored = new Map((await load(left)).map((item) => [idOf(item), item]));
    const items = left.flatMap((id) => change(id, stored.get(id)) ?? []);
    const saved = await save(items.filter(({ changed }) => changed));
    const isOvertaken = (item: Item): boolean => item.changed && !saved.has(idOf(item));
    done.push(...items.filter((item) => !isOvertaken(item)));
    left = items.filter(isOvertaken).map(idOf);
  }
  return done;
}
