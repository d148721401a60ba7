import { updateUntilSaved, type Update } from './update-until-saved.ts';

/** A value that may only grow. */
class Item {
  changed = false;

  constructor(
    readonly id: number,
    public value: number,
  ) {}

  growTo(value: number): void {
    this.changed = value > this.value;
    if (this.changed) this.value = value;
  }
}

/** A store in which other transactions change items between a load and the save that follows. */
class Store {
  readonly loads: (readonly number[])[] = [];
  readonly saves: number[][] = [];

  constructor(
    readonly values: Map<number, number>,
    /** What others write before each save: id and value. */
    private readonly overtaking: [number, number][][] = [],
  ) {}

  update(change: Update<Item>['change']): Update<Item> {
    const loaded = new Map<number, number | undefined>();
    return {
      load: async (ids) => {
        this.loads.push(ids);
        for (const id of ids) loaded.set(id, this.values.get(id));
        return ids
          .filter((id) => this.values.has(id))
          .map((id) => new Item(id, this.values.get(id) as number))
          .reverse();
      },
      change,
      save: async (items) => {
        for (const [id, value] of this.overtaking.shift() ?? []) this.values.set(id, value);
        const saved = items.filter(({ id }) => this.values.get(id) === loaded.get(id));
        for (const { id, value } of saved) this.values.set(id, value);
        this.saves.push(items.map(({ id }) => id));
        return new Set(saved.map(({ id }) => id));
      },
      idOf: ({ id }) => id,
    };
  }
}

const growTo = (value: number) => (_: number, item: Item | undefined) => {
  item?.growTo(value);
  return item;
};

const valuesOf = (items: readonly Item[]) => new Map(items.map(({ id, value }) => [id, value]));

describe('updateUntilSaved', () => {
  it('changes and saves the items that exist, and returns them', async () => {
    const store = new Store(
      new Map([
        [1, 10],
        [2, 20],
      ]),
    );
    const items = await updateUntilSaved([1, 2, 3], store.update(growTo(30)));
    expect(valuesOf(items)).toEqual(
      new Map([
        [1, 30],
        [2, 30],
      ]),
    );
    expect(store.values).toEqual(valuesOf(items));
    expect(store.loads).toEqual([[1, 2, 3]]);
  });

  it('saves only items that changed, and returns the others as well', async () => {
    const store = new Store(
      new Map([
        [1, 10],
        [2, 50],
      ]),
    );
    const items = await updateUntilSaved([1, 2], store.update(growTo(30)));
    expect(valuesOf(items)).toEqual(
      new Map([
        [1, 30],
        [2, 50],
      ]),
    );
    expect(store.saves).toEqual([[1]]);
  });

  it('loads and changes again what another transaction changed in the meantime', async () => {
    const overtaking: [number, number][][] = [
      [
        [2, 25],
        [3, 90],
      ],
      [[2, 26]],
    ];
    const store = new Store(
      new Map([
        [1, 10],
        [2, 20],
        [3, 20],
      ]),
      overtaking,
    );
    const items = await updateUntilSaved([1, 2, 3], store.update(growTo(30)));
    expect(valuesOf(items)).toEqual(
      new Map([
        [1, 30],
        [2, 30],
        [3, 90],
      ]),
    );
    expect(store.values).toEqual(valuesOf(items));
    expect(store.loads).toEqual([[1, 2, 3], [2, 3], [2]]);
  });

  it('creates a missing item, unless another transaction creates it first', async () => {
    const store = new Store(new Map(), [[[2, 70]]]);
    const create = (id: number, item: Item | undefined) => {
      const created = item ?? new Item(id, 0);
      created.growTo(30);
      return created;
    };
    const items = await updateUntilSaved([1, 2], store.update(create));
    expect(valuesOf(items)).toEqual(
      new Map([
        [1, 30],
        [2, 70],
      ]),
    );
    expect(store.values).toEqual(valuesOf(items));
  });

  it('does nothing without ids', async () => {
    const store = new Store(new Map());
    expect(await updateUntilSaved([], store.update(growTo(30)))).toEqual([]);
    expect(store.loads).toEqual([]);
  });
});
