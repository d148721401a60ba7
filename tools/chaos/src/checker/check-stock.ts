import { seconds, type IndexedRun } from './indexed-run.ts';
import { nameOf, type Event } from './read-events.ts';

/** Units by equipment. */
class Units {
  private readonly sums = new Map<number, number>();

  add(equipmentId: unknown, qty: unknown): void {
    if (typeof equipmentId !== 'number' || typeof qty !== 'number') return; // reported by checkEvents
    this.sums.set(equipmentId, this.of(equipmentId) + qty);
  }

  of(equipmentId: number): number {
    return this.sums.get(equipmentId) ?? 0;
  }
}

/**
 * The stock of each equipment is the registered stock minus the lent units, by three independent
 * sources: the approved orders, the stock ledger and the events. It was never below 0.
 */
export function* checkStock(run: IndexedRun): Iterable<string> {
  yield* atTheEnd(run);
  yield* duringTheRun(run);
  yield* registrations(run);
}

function* atTheEnd(run: IndexedRun): Iterable<string> {
  const { final, history, orders } = run;
  const [approved, taken, returned] = [new Units(), new Units(), new Units()];
  const [decreased, increased] = [new Units(), new Units()];
  for (const { status, equipmentId, qty } of orders.values()) {
    if (status === 'APPROVED') approved.add(equipmentId, qty);
  }
  for (const { outcome, equipmentId, qty } of final.ledger) {
    if (outcome === 'TAKEN') taken.add(equipmentId, qty);
    if (outcome === 'RETURNED') returned.add(equipmentId, qty);
  }
  for (const { name, data } of movements(run)) {
    (name === 'StockDecreased' ? decreased : increased).add(data['equipmentId'], data['qty']);
  }

  const stocks = new Map(final.equipments.map(({ id, stock }) => [id, stock]));
  for (const { id, stock: registered } of history.registered) {
    const stock = stocks.get(id);
    if (stock === undefined) {
      yield `equipment ${id} was registered with ${registered}, but does not exist`;
      continue;
    }
    if (stock < 0) yield `equipment ${id} ends with ${stock}, below 0`;
    const sums: [what: string, expected: number][] = [
      [`- ${approved.of(id)} in approved orders`, registered - approved.of(id)],
      [
        `- ${taken.of(id)} taken + ${returned.of(id)} returned by the ledger`,
        registered - taken.of(id) + returned.of(id),
      ],
      [
        `- ${decreased.of(id)} decreased + ${increased.of(id)} increased by events`,
        registered - decreased.of(id) + increased.of(id),
      ],
    ];
    for (const [what, expected] of sums) {
      if (stock === expected) continue;
      yield `equipment ${id} ends with ${stock}, expected ${expected}: ${registered} registered ${what}`;
    }
    stocks.delete(id);
  }
  for (const id of stocks.keys()) yield `equipment ${id} exists, but no client registered it`;
}

function* duringTheRun(run: IndexedRun): Iterable<string> {
  const { history } = run;
  const registered = new Map(history.registered.map(({ id, stock }) => [id, stock]));
  for (const { equipmentId, stock, at } of history.stockSamples) {
    const wrong = outside(stock, registered.get(equipmentId));
    if (wrong) yield `equipment ${equipmentId} had ${stock} at ${seconds(at)}, ${wrong}`;
  }
  const chains = new Map<number, Event[]>();
  for (const event of movements(run)) {
    const { equipmentId, stock } = event.data;
    const limit = registered.get(Number(equipmentId));
    const wrong = outside(stock, limit);
    if (wrong) yield `${nameOf(event)} leaves equipment ${equipmentId} with ${stock}, ${wrong}`;
    const chain = chains.get(Number(equipmentId));
    if (chain) chain.push(event);
    else chains.set(Number(equipmentId), [event]);
  }
  const ends = new Map(run.final.equipments.map(({ id, stock }) => [id, stock]));
  for (const [id, events] of chains) {
    const [start, end] = [registered.get(id), ends.get(id)];
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
  const reached = new Map([[start, 1]]);
  const left = new Map([[end, 1]]);
  const count = (counts: Map<number, number>, stock: number) =>
    counts.set(stock, (counts.get(stock) ?? 0) + 1);
  for (const { name, data } of events) {
    const [after, qty] = [Number(data['stock']), Number(data['qty'])];
    count(reached, after);
    count(left, name === 'StockDecreased' ? after + qty : after - qty);
  }
  for (const stock of new Set([...reached.keys(), ...left.keys()])) {
    const [ins, outs] = [reached.get(stock) ?? 0, left.get(stock) ?? 0];
    if (ins === outs) continue;
    yield (
      `equipment ${id} reached a stock of ${stock} ${times(ins)} and left it ` +
      `${times(outs)}, by its events from ${start} to ${end}`
    );
  }
}

const times = (count: number): string => (count === 1 ? 'once' : `${count} times`);

function* movements({ log }: IndexedRun): Iterable<Event> {
  for (const events of log.ofOrders.values()) {
    for (const name of ['StockDecreased', 'StockIncreased'] as const) {
      const event = events.get(name);
      if (event) yield event;
    }
  }
}

/** Each registration was published once, with its stock. */
function* registrations({ history, log }: IndexedRun): Iterable<string> {
  const unmatched = new Map(log.registrations);
  for (const { id, stock } of history.registered) {
    const event = unmatched.get(id);
    unmatched.delete(id);
    if (event === undefined) yield `equipment ${id} has no EquipmentRegistered on the topics`;
    else if (event.data['stock'] !== stock) {
      yield `${nameOf(event)} reports ${event.data['stock']}, but ${stock} were registered`;
    }
  }
  for (const event of unmatched.values()) {
    yield `${nameOf(event)} is for equipment ${event.message.key}, which no client registered`;
  }
}
