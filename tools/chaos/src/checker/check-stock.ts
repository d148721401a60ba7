import { seconds, type IndexedRun } from './indexed-run.ts';
import { at, nameOf, type Event } from './read-events.ts';

/**
 * The stock of each equipment is the registered stock minus the lent units, by three independent
 * sources: the approved orders, the stock ledger and the events. It was never below 0.
 */
export function* checkStock(run: IndexedRun): Iterable<string> {
  const movements = movementsOf(run);
  yield* atTheEnd(run, movements);
  yield* duringTheRun(run, movements);
  yield* registrations(run);
}

/** Units by equipment, of the rows with a value. Rows with other data are reported by checkEvents. */
function unitsOf(
  rows: readonly { equipmentId?: unknown; qty?: unknown }[],
): (equipmentId: number) => number {
  const sums = new Map<unknown, number>();
  for (const { equipmentId, qty } of rows) {
    if (typeof qty === 'number') sums.set(equipmentId, (sums.get(equipmentId) ?? 0) + qty);
  }
  return (equipmentId) => sums.get(equipmentId) ?? 0;
}

function* atTheEnd(run: IndexedRun, movements: readonly Event[]): Iterable<string> {
  const { final, registered, equipments } = run;
  const approved = unitsOf([...run.orders.values()].filter(({ status }) => status === 'APPROVED'));
  const inLedger = (outcome: string) =>
    unitsOf(final.ledger.filter((line) => line.outcome === outcome));
  const byEvents = (name: string) =>
    unitsOf(movements.filter((event) => event.name === name).map(({ data }) => data));
  const [taken, returned] = [inLedger('TAKEN'), inLedger('RETURNED')];
  const [decreased, increased] = [byEvents('StockDecreased'), byEvents('StockIncreased')];
  for (const [id, start] of registered) {
    const stock = equipments.get(id)?.stock;
    if (stock === undefined) {
      yield `equipment ${id} was registered with ${start}, but does not exist`;
      continue;
    }
    if (stock < 0) yield `equipment ${id} ends with ${stock}, below 0`;
    const sums: [lent: number, back: number, (lent: number, back: number) => string][] = [
      [approved(id), 0, (lent) => `- ${lent} in approved orders`],
      [taken(id), returned(id), (lent, back) => `- ${lent} taken + ${back} returned by the ledger`],
      [
        decreased(id),
        increased(id),
        (lent, back) => `- ${lent} decreased + ${back} increased by events`,
      ],
    ];
    for (const [lent, back, inWords] of sums) {
      const expected = start - lent + back;
      if (stock === expected) continue;
      yield `equipment ${id} ends with ${stock}, expected ${expected}: ${start} registered ${inWords(lent, back)}`;
    }
  }
  for (const id of equipments.keys()) {
    if (!registered.has(id)) yield `equipment ${id} exists, but no client registered it`;
  }
}

function* duringTheRun(run: IndexedRun, movements: readonly Event[]): Iterable<string> {
  const { history, registered, equipments } = run;
  for (const { equipmentId, stock, at: time } of history.stockSamples) {
    const wrong = outside(stock, registered.get(equipmentId));
    if (wrong) yield `equipment ${equipmentId} had ${stock} at ${seconds(time)}, ${wrong}`;
  }
  for (const event of movements) {
    const { equipmentId, stock } = event.data;
    const wrong = outside(stock, registered.get(Number(equipmentId)));
    if (wrong) yield `${nameOf(event)} leaves equipment ${equipmentId} with ${stock}, ${wrong}`;
  }
  for (const [id, events] of Map.groupBy(movements, ({ data }) => Number(data['equipmentId']))) {
    const [start, end] = [registered.get(id), equipments.get(id)?.stock];
    if (start !== undefined && end !== undefined) yield* brokenChain(id, start, end, events);
  }
}

function outside(stock: unknown, registered: number | undefined): string | undefined {
  if (typeof stock !== 'number') return 'which is not a stock';
  if (stock < 0) return 'below 0';
  if (registered === undefined) return 'but was never registered';
  return stock > registered ? `more than the ${registered} registered` : undefined;
}

/**
 * Each event reports the stock after it, so the stock before it is known as well. Together the events
 * lead from the registered stock to the final one, so each stock is reached as often as it is left.
 * If two events start from the same stock, one update was lost.
 */
function* brokenChain(
  id: number,
  start: number,
  end: number,
  events: readonly Event[],
): Iterable<string> {
  const visits = new Map<number, { reached: number; left: number }>();
  const visit = (stock: number) => at(visits, stock, () => ({ reached: 0, left: 0 }));
  visit(start).reached += 1;
  for (const { name, data } of events) {
    const [after, qty] = [Number(data['stock']), Number(data['qty'])];
    visit(after).reached += 1;
    visit(name === 'StockDecreased' ? after + qty : after - qty).left += 1;
  }
  visit(end).left += 1;
  for (const [stock, { reached, left }] of visits) {
    if (reached === left) continue;
    yield (
      `equipment ${id} reached a stock of ${stock} ${times(reached)} and left it ` +
      `${times(left)}, by its events from ${start} to ${end}`
    );
  }
}

const times = (count: number): string => (count === 1 ? 'once' : `${count} times`);

const movementsOf = ({ log }: IndexedRun): Event[] =>
  [...log.ofOrders.values()].flatMap((events) =>
    (['StockDecreased', 'StockIncreased'] as const).flatMap((name) => events.get(name) ?? []),
  );

/** Each registration was published once, with its stock. */
function* registrations({ registered, log }: IndexedRun): Iterable<string> {
  for (const [id, stock] of registered) {
    const event = log.registrations.get(id);
    if (event === undefined) yield `equipment ${id} has no EquipmentRegistered on the topics`;
    else if (event.data['stock'] !== stock) {
      yield `${nameOf(event)} reports ${event.data['stock']}, but ${stock} were registered`;
    }
  }
  for (const [id, event] of log.registrations) {
    if (registered.has(id)) continue;
    yield `${nameOf(event)} is for equipment ${event.message.key}, which no client registered`;
  }
}
