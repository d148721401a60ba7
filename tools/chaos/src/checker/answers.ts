import type { OrderAnswer, OrderAttempt } from '../record.ts';
import { isStatus } from './catalogue.ts';
import { sameUnits, seconds, units, type Books } from './invariants.ts';

type Acknowledgement = Extract<OrderAnswer, { kind: 'acknowledged' }>;

/** Holds what clients were told of their orders and cancellations against the orders that exist. */
export function* differencesOfAnswers(books: Books): Iterable<string> {
  const told = new Told();
  for (const attempt of books.history.orders) yield* ofAttempt(attempt, books, told);
  yield* told.differences();
  yield* ofOrders(books, told);
  yield* ofCancellations(books);
}

/** Which keys were told of which orders. */
class Told {
  private readonly keys = new Map<number, Set<string>>();
  private readonly orders = new Map<string, Set<number>>();

  note(key: string, orderId: number): void {
    this.keys.set(orderId, (this.keys.get(orderId) ?? new Set()).add(key));
    this.orders.set(key, (this.orders.get(key) ?? new Set()).add(orderId));
  }

  has(orderId: number): boolean {
    return this.keys.has(orderId);
  }

  *differences(): Iterable<string> {
    for (const [key, orders] of this.orders) {
      if (orders.size > 1) yield `key ${key} was given several orders: ${[...orders].join(', ')}`;
    }
    for (const [orderId, keys] of this.keys) {
      if (keys.size > 1)
        yield `order ${orderId} was given to several keys: ${[...keys].join(', ')}`;
    }
  }
}

function* ofAttempt(attempt: OrderAttempt, { orders }: Books, told: Told): Iterable<string> {
  const { key, answers } = attempt;
  const acknowledged = answers.filter(
    (answer): answer is Acknowledgement => answer.kind === 'acknowledged',
  );
  const refused = answers.find(({ kind }) => kind === 'refused');
  if (acknowledged.length === 0 && refused === undefined) {
    const last = answers.at(-1);
    const cause = last?.kind === 'unknown' ? `; the last failed: ${last.cause}` : '';
    yield (
      `key ${key} (${units(attempt)}, sent at ${seconds(attempt.sentAt)}) ` +
      `never got an answer that says whether it is taken${cause}`
    );
  }
  if (acknowledged[0] && refused) {
    yield (
      `key ${key} was refused at ${seconds(refused.at)}, ` +
      `yet acknowledged as order ${acknowledged[0].orderId} at ${seconds(acknowledged[0].at)}`
    );
  }
  const statuses = new Set(acknowledged.map(({ status }) => status));
  if (statuses.size > 1) {
    // the first answer is kept, and told again to who asks again
    yield `key ${key} was told different statuses: ${[...statuses].join(', ')}`;
  }
  for (const orderId of new Set(acknowledged.map((answer) => answer.orderId))) {
    told.note(key, orderId);
    const order = orders.get(orderId);
    if (order === undefined) {
      yield `order ${orderId} was acknowledged to key ${key} (${units(attempt)}), but does not exist`;
    } else if (!sameUnits(order, attempt)) {
      yield `order ${orderId} is for ${units(order)}, but key ${key} ordered ${units(attempt)}`;
    }
  }
}

function* ofOrders({ orders, history }: Books, told: Told): Iterable<string> {
  const refused = new Map<string, string>();
  for (const { key, answers, ...wanted } of history.orders) {
    if (answers.some(({ kind }) => kind === 'refused')) refused.set(units(wanted), key);
  }
  for (const order of orders.values()) {
    if (!told.has(order.id)) {
      const key = refused.get(units(order));
      const suspect = key === undefined ? '' : `; key ${key} asked for as much and was refused`;
      yield `order ${order.id} (${units(order)}) exists, but no client was told of it${suspect}`;
    }
    if (!isStatus(order.status)) {
      yield `order ${order.id} ends as "${order.status}", which is no status`;
    }
    if (order.status === 'ORDERED') yield `order ${order.id} still waits: it ends ORDERED`;
  }
}

function* ofCancellations({ history, orders }: Books): Iterable<string> {
  const cancelled = new Set<number>();
  for (const { orderId, outcome, sentAt } of history.cancellations) {
    if (outcome !== 'refused') cancelled.add(orderId);
    const request = `the cancellation of order ${orderId}, sent at ${seconds(sentAt)},`;
    const status = orders.get(orderId)?.status;
    const expected = outcome === 'cancelled' ? 'CANCELLED' : 'REJECTED';
    if (status === undefined) yield `${request} is for an order that does not exist`;
    else if (outcome === 'unknown') yield `${request} never got an answer`;
    else if (status !== expected) {
      const verb = outcome === 'cancelled' ? 'acknowledged' : 'refused';
      yield `${request} was ${verb}, but the order ends ${status}`;
    }
  }
  for (const { id, status } of orders.values()) {
    if (status === 'CANCELLED' && !cancelled.has(id)) {
      yield `order ${id} is CANCELLED, but nobody cancelled it`;
    }
  }
}
