import { seconds, type Books } from './invariants.ts';
import { nameOf, type Event } from './event-log.ts';

/** Units by equipment. */
class Units {
  private readonly sums = new Map<number, number>();

  add(equipmentId: unknown, qty: unknown): void {
    if (typeof equipmentId !== 'number' || typeof qty !== 'number') return; // events.ts tells of it
    this.sums.set(equipmentId, this.of(equipmentId) + qty);
  }

  of(equipmentId: number): number {
    return this.sums.get(equipmentId) ?? 0;
  }
}

/**
 * The stock of each equipment is what was registered less what is lent, whoever is asked: order, the
 * ledger of equipment, or the events on the topic. It was never below 0 on the way.
 */
export function* differencesOfStock(books: Books): Iterable<string> {
  yield* atTheEnd(books);
  yield* onTheWay(books);
  yield* registrations(books);
}

function* atTheEnd(books: Books): Iterable<string> {
  const { final, history, orders } = books;
  const [approved, taken, returned] = [new Units(), new Units(), new Units()];
  const [decreased, increased] = [new Units(), new Units()];
  for (const { status, equipmentId, qty } of orders.values()) {
    if (status === 'APPROVED') approved.add(equipmentId, qty);
  }
  for (const { outcome, equipmentId, qty } of final.ledger) {
    if (outcome === 'TAKEN') taken.add(equipmentId, qty);
    if (outcome === 'RETURNED') returned.add(equipmentId, qty);
  }
  for (const { name, data } of movements(books)) {
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
  for (const id of stocks.keys()) yield `equipment ${id} exists, but nobody registered it`;
}

function* onTheWay(books: Books): Iterable<string> {
  const { history } = books;
  const registered = new Map(history.registered.map(({ id, stock }) => [id, stock]));
  for (const { equipmentId, stock, at } of history.stockSamples) {
    const wrong = outside(stock, registered.get(equipmentId));
    if (wrong) yield `equipment ${equipmentId} had ${stock} at ${seconds(at)}, ${wrong}`;
  }
  const chains = new Map<number, Event[]>();
  for (const event of movements(books)) {
    const { equipmentId, stock } = event.data;
    const limit = registered.get(Number(equipmentId));
    const wrong = outside(stock, limit);
    if (wrong) yield `${nameOf(event)} leaves equipment ${equipmentId} with ${stock}, ${wrong}`;
    const chain = chains.get(Number(equipmentId));
    if (chain) chain.push(event);
    else chains.set(Number(equipmentId), [event]);
  }
  const ends = new Map(books.final.equipments.map(({ id, stock }) => [id, stock]));
  for (const [id, events] of chains) {
    const [start, end] = [registered.get(id), ends.get(id)];
    if (start !== undefined && end !== undefined) yield* brokenChain(id, start, end, events);
  }
}

function outside(stock: unknown, registered: number | undefined): string | undefined {
  if (typeof stock !== 'number') return 'which is no stock';
  if (stock < 0) return 'below 0';
  if (registered === undefined) return 'but was never registered';
  return stock > registered ? `more than the ${registered} registered` : undefined;
}

/**
 * Each movement tells the stock that it left, and so the one that it found. One after the other,
 * they lead from the registered stock to the final one: a stock is found as often as it is left.
 * Where two movements found the same stock, one of them was lost.
 */
function* brokenChain(
  id: number,
  start: number,
  end: number,
  events: readonly Event[],
): Iterable<string> {
  const left = new Map([[start, 1]]);
  const found = new Map([[end, 1]]);
  const count = (counts: Map<number, number>, stock: number) =>
    counts.set(stock, (counts.get(stock) ?? 0) + 1);
  for (const { name, data } of events) {
    const [after, qty] = [Number(data['stock']), Number(data['qty'])];
    count(left, after);
    count(found, name === 'StockDecreased' ? after + qty : after - qty);
  }
  for (const stock of new Set([...left.keys(), ...found.keys()])) {
    const [ins, outs] = [left.get(stock) ?? 0, found.get(stock) ?? 0];
    if (ins === outs) continue;
    yield (
      `equipment ${id} came to a stock of ${stock} ${times(ins)} and went on from it ` +
      `${times(outs)}, by its events from ${start} to ${end}`
    );
  }
}

const times = (count: number): string => (count === 1 ? 'once' : `${count} times`);

function* movements({ log }: Books): Iterable<Event> {
  for (const events of log.ofOrders.values()) {
    for (const name of ['StockDecreased', 'StockIncreased'] as const) {
      const event = events.get(name);
      if (event) yield event;
    }
  }
}

/** Every registration was told, once, with its stock. */
function* registrations({ history, log }: Books): Iterable<string> {
  const untold = new Map(log.registrations);
  for (const { id, stock } of history.registered) {
    const event = untold.get(id);
    untold.delete(id);
    if (event === undefined) yield `equipment ${id} has no EquipmentRegistered on the topics`;
    else if (event.data['stock'] !== stock) {
      yield `${nameOf(event)} tells of ${event.data['stock']}, but ${stock} were registered`;
    }
  }
  for (const event of untold.values()) {
    yield `${nameOf(event)} tells of equipment ${event.message.key}, which nobody registered`;
  }
}
