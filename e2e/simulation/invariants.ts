import type { OrderStatus } from '../../services/order/src/domain/order.ts';
import type { RentalFact } from '../../services/mis/src/domain/rental.ts';
import { noteIn } from './stores.ts';
import { toRentalFact, type World } from './world.ts';

const TRANSITIONS: Record<OrderStatus, OrderStatus[]> = {
  ORDERED: ['APPROVED', 'CANCELLED', 'REJECTED'],
  APPROVED: ['CANCELLED', 'REJECTED'],
  CANCELLED: [],
  REJECTED: [],
};

const REGISTERED = 'equipmgnt.EquipmentRegistered.v1';

/** The violated invariants of a world at rest; empty when all of them hold. */
export function violations(world: World): string[] {
  return [
    ...world.steps.failures.map(String),
    ...orders(world),
    ...unconfirmed(world),
    ...stock(world),
    ...events(world),
    ...view(world),
    ...answers(world),
  ];
}

function* orders({ orders, approvals }: World): Iterable<string> {
  for (const {
    id,
    status,
    details: { equipmentId, qty },
  } of orders.rows.values()) {
    const approval = approvals.rows.get(id);
    const matches = approval?.subject.equipmentId === equipmentId && approval.subject.qty === qty;
    if (status === 'ORDERED') yield `order ${id} is still waiting`;
    if (status === 'APPROVED' && !(approval?.status === 'APPROVED' && matches)) {
      yield `order ${id} is APPROVED, its approval ${approval?.status}`;
    }
    if (status !== 'APPROVED' && approval?.status === 'APPROVED') {
      yield `order ${id} is ${status}, its approval still APPROVED`;
    }
    const history = orders.histories.get(id) ?? [];
    for (const [i, next] of history.slice(1).entries()) {
      const before = history[i] as OrderStatus;
      if (!TRANSITIONS[before].includes(next)) yield `order ${id} went from ${before} to ${next}`;
    }
  }
}

/** An approval of an order that does not exist has no effect. */
function* unconfirmed({ orders, approvals, bus }: World): Iterable<string> {
  for (const [orderId, { confirmedAt }] of approvals.rows) {
    if (orders.rows.has(orderId) && confirmedAt === undefined)
      yield `the approval of order ${orderId} is unconfirmed`;
    if (!orders.rows.has(orderId) && confirmedAt !== undefined)
      yield `the approval of order ${orderId}, which does not exist, is confirmed`;
  }
  for (const { fact } of bus.published) {
    if ('orderId' in fact.data && !orders.rows.has(fact.data.orderId))
      yield `${fact.type} is about order ${fact.data.orderId}, which does not exist`;
  }
}

function* stock({ orders, equipments, bus }: World): Iterable<string> {
  for (const [id, { registered, stock }] of equipments.rows) {
    const lent = [...orders.rows.values()]
      .filter(({ status, details }) => status === 'APPROVED' && details.equipmentId === id)
      .reduce((sum, { details }) => sum + details.qty, 0);
    if (stock !== registered - lent) {
      yield `equipment ${id} has ${stock}, but ${registered} registered - ${lent} lent`;
    }
  }
  const lines = new Set(
    equipments.ledger.map(({ orderId, direction }) => `${orderId} ${direction}`),
  );
  if (lines.size !== equipments.ledger.length) yield 'the ledger has two lines for one movement';
  const movements = bus.published.filter(({ fact }) => /Stock(De|In)creased/.test(fact.type));
  const effects = equipments.ledger.filter(({ outcome }) => /TAKEN|RETURNED/.test(outcome));
  const published = new Set(movements.map(({ id }) => id));
  if (published.size !== effects.length) {
    yield `${effects.length} movements, ${published.size} events`;
  }
}

/** A relay may publish an event again after a crash. A second event has another time. */
function* events({ bus }: World): Iterable<string> {
  const times = new Map<string, number>();
  for (const { id, fact } of bus.published) {
    const time = fact.at.getTime();
    if ((times.get(id) ?? time) !== time) yield `there are two events ${id}`;
    times.set(id, time);
  }
}

function* view({ orders, approvals, rentals, bus }: World): Iterable<string> {
  const rebuilt = new Map<number, RentalFact[]>();
  const published = bus.published.map(({ fact }) => fact);
  noteIn(rebuilt, published.filter(({ type }) => type !== REGISTERED).map(toRentalFact));
  for (const {
    id,
    status,
    details: { equipmentId, qty },
  } of orders.rows.values()) {
    const facts = rentals.rows.get(id) ?? [];
    const has = (event: string) => facts.some((fact) => fact.event === `equipmgnt.${event}.v1`);
    const shown = has('OrderCancelled')
      ? 'CANCELLED'
      : has('ApprovalRejected')
        ? 'REJECTED'
        : has('ApprovalObtained')
          ? 'APPROVED'
          : 'ORDERED';
    if (shown !== status) yield `order ${id} is ${status}, the view shows ${shown}`;
    const ordered = facts.find(({ event }) => event === 'equipmgnt.Ordered.v1');
    if (ordered?.equipmentId !== equipmentId || ordered.qty !== qty) {
      yield `the view shows order ${id} for ${ordered?.qty} of ${ordered?.equipmentId}`;
    }
    const approvalId = facts.find((fact) => fact.approvalId !== undefined)?.approvalId;
    if (approvalId !== approvals.rows.get(id)?.id) yield `the view shows approval ${approvalId}`;
    if (!same(facts, rebuilt.get(id) ?? [])) {
      yield `the view of order ${id} differs from one rebuilt from the topics`;
    }
  }
}

const same = (these: readonly RentalFact[], those: readonly RentalFact[]): boolean =>
  these.length === those.length &&
  these.every((a) =>
    those.some(
      (b) =>
        a.event === b.event &&
        a.at.getTime() === b.at.getTime() &&
        a.approvalId === b.approvalId &&
        a.reason === b.reason,
    ),
  );

/** The answers to clients are true. */
function* answers({ clients, orders }: World): Iterable<string> {
  for (const { id, units } of clients.acknowledged) {
    if (!orders.rows.get(id)?.isFor(units)) {
      yield `order ${id} was acknowledged for ${units.qty} of ${units.equipmentId}, but is something else`;
    }
  }
  for (const id of clients.disowned)
    yield `order ${id} was acknowledged, but a later answer says that it does not exist`;
  for (const [key, given] of clients.answers) {
    const distinct = new Set(given.map(({ id, status }) => `${id} ${status}`));
    if (distinct.size !== 1) yield `${key} got different answers: ${[...distinct].join(', ')}`;
    if (given.some(({ id }) => id !== orders.keys.get(key)?.orderId))
      yield `${key} placed two orders`;
  }
  for (const id of clients.cancelled) {
    const status = orders.rows.get(id)?.status;
    if (status !== 'CANCELLED') yield `order ${id} was cancelled by its client, but is ${status}`;
  }
  for (const id of clients.notCancelled) {
    const status = orders.rows.get(id)?.status;
    if (status !== 'REJECTED') yield `order ${id} could not be cancelled, but is ${status}`;
  }
}
