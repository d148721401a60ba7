import type { OrderAttempt } from '../run-record.ts';
import { sameUnits, seconds, units, type IndexedRun } from './indexed-run.ts';
import { at } from './read-events.ts';
import { isStatus } from './specification.ts';

/** The answers to orders and cancellations must agree with the orders that exist. */
export function* checkAnswers(run: IndexedRun): Iterable<string> {
  const keys = new Map<number, Set<string>>();
  for (const attempt of run.history.orders) {
    yield* ofAttempt(attempt, run);
    const orders = new Set(acknowledgements(attempt).map(({ orderId }) => orderId));
    for (const orderId of orders) at(keys, orderId, () => new Set()).add(attempt.key);
    if (orders.size > 1) yield `key ${attempt.key} was given several orders: ${list(orders)}`;
  }
  for (const [orderId, given] of keys) {
    if (given.size > 1) yield `order ${orderId} was given to several keys: ${list(given)}`;
  }
  yield* ofOrders(run, keys);
  yield* ofCancellations(run);
}

const list = (items: Iterable<unknown>): string => [...items].join(', ');

const acknowledgements = ({ answers }: OrderAttempt) =>
  answers.filter((answer) => answer.kind === 'acknowledged');

function* ofAttempt(attempt: OrderAttempt, { orders }: IndexedRun): Iterable<string> {
  const { key, answers } = attempt;
  const acknowledged = acknowledgements(attempt);
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
  // a retry with the same key gets the stored first answer
  if (statuses.size > 1) yield `key ${key} got different statuses: ${list(statuses)}`;
  for (const orderId of new Set(acknowledged.map((answer) => answer.orderId))) {
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
  acknowledged: ReadonlyMap<number, unknown>,
): Iterable<string> {
  const refused = new Map(
    history.orders
      .filter(({ answers }) => answers.some(({ kind }) => kind === 'refused'))
      .map((attempt) => [units(attempt), attempt.key]),
  );
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
