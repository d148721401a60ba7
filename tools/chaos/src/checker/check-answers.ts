import type { OrderAnswer, OrderAttempt } from '../run-record.ts';
import { isStatus } from './specification.ts';
import { sameUnits, seconds, units, type IndexedRun } from './indexed-run.ts';

type Acknowledgement = Extract<OrderAnswer, { kind: 'acknowledged' }>;

/** The answers to orders and cancellations must agree with the orders that exist. */
export function* checkAnswers(run: IndexedRun): Iterable<string> {
  const acknowledged = new Acknowledgements();
  for (const attempt of run.history.orders) yield* ofAttempt(attempt, run, acknowledged);
  yield* acknowledged.differences();
  yield* ofOrders(run, acknowledged);
  yield* ofCancellations(run);
}

/** Which orders were acknowledged to which idempotency keys. */
class Acknowledgements {
  private readonly keys = new Map<number, Set<string>>();
  private readonly orders = new Map<string, Set<number>>();

  add(key: string, orderId: number): void {
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

function* ofAttempt(
  attempt: OrderAttempt,
  { orders }: IndexedRun,
  acknowledgements: Acknowledgements,
): Iterable<string> {
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
      `never got a definite answer${cause}`
    );
  }
  if (acknowledged[0] && refused) {
    yield (
      `key ${key} was refused at ${seconds(refused.at)}, ` +
      `but acknowledged as order ${acknowledged[0].orderId} at ${seconds(acknowledged[0].at)}`
    );
  }
  const statuses = new Set(acknowledged.map(({ status }) => status));
  if (statuses.size > 1) {
    // a retry with the same key gets the stored first answer
    yield `key ${key} got different statuses: ${[...statuses].join(', ')}`;
  }
  for (const orderId of new Set(acknowledged.map((answer) => answer.orderId))) {
    acknowledgements.add(key, orderId);
    const order = orders.get(orderId);
    if (order === undefined) {
      yield `order ${orderId} was acknowledged to key ${key} (${units(attempt)}), but does not exist`;
    } else if (!sameUnits(order, attempt)) {
      yield `order ${orderId} is for ${units(order)}, but key ${key} ordered ${units(attempt)}`;
    }
  }
}

function* ofOrders(
  { orders, history }: IndexedRun,
  acknowledged: Acknowledgements,
): Iterable<string> {
  const refused = new Map<string, string>();
  for (const { key, answers, ...wanted } of history.orders) {
    if (answers.some(({ kind }) => kind === 'refused')) refused.set(units(wanted), key);
  }
  for (const order of orders.values()) {
    if (!acknowledged.has(order.id)) {
      const key = refused.get(units(order));
      const suspect = key === undefined ? '' : `; key ${key} requested the same and was refused`;
      yield `order ${order.id} (${units(order)}) exists, but was acknowledged to no client${suspect}`;
    }
    if (!isStatus(order.status)) {
      yield `order ${order.id} ends as "${order.status}", which is not a status`;
    }
    if (order.status === 'ORDERED') yield `order ${order.id} is still ORDERED at the end`;
  }
}

function* ofCancellations({ history, orders }: IndexedRun): Iterable<string> {
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
      yield `order ${id} is CANCELLED, but no client cancelled it`;
    }
  }
}
