import type { OrderStatus } from '../../services/order/src/domain/order.ts';
import type { World } from './world.ts';

const TRANSITIONS: Record<OrderStatus, OrderStatus[]> = {
  ORDERED: ['APPROVED', 'CANCELLED', 'REJECTED'],
  APPROVED: ['CANCELLED', 'REJECTED'],
  CANCELLED: [],
  REJECTED: [],
};

/** What does not add up in a world at rest; nothing when the books balance. */
export function discrepancies(world: World): string[] {
  return [...orders(world), ...stock(world), ...view(world), ...keys(world)];
}

function* orders({ orders, approvals }: World): Iterable<string> {
  for (const { id, status, equipmentId, qty } of orders.rows.values()) {
    const approval = approvals.rows.get(id);
    const matches = approval?.subject.equipmentId === equipmentId && approval.subject.qty === qty;
    if (status === 'ORDERED') yield `order ${id} still waits`;
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

function* stock({ equipments, approvals, bus }: World): Iterable<string> {
  for (const [id, { registered, stock }] of equipments.rows) {
    const lent = [...approvals.rows.values()]
      .filter(({ status, subject }) => status === 'APPROVED' && subject.equipmentId === id)
      .reduce((sum, { subject }) => sum + subject.qty, 0);
    if (stock !== registered - lent) {
      yield `equipment ${id} has ${stock}, but ${registered} registered - ${lent} lent`;
    }
  }
  const told = new Set(bus.published.map(({ id }) => id));
  const movements = bus.published.filter(({ fact }) => /Stock(De|In)creased/.test(fact.type));
  const effects = equipments.ledger.filter(({ outcome }) => /TAKEN|RETURNED/.test(outcome));
  const distinct = new Set(movements.map(({ id }) => id));
  if (distinct.size !== effects.length)
    yield `${effects.length} movements, ${distinct.size} events`;
  if (told.size === 0) yield 'nothing was ever published';
}

function* view({ orders, approvals, rentals }: World): Iterable<string> {
  for (const { id, status, equipmentId, qty } of orders.rows.values()) {
    const facts = rentals.rows.get(id) ?? [];
    const has = (event: string) => facts.some((fact) => fact.event === `equipmgnt.${event}.v1`);
    const shown = has('OrderCancelled')
      ? 'CANCELLED'
      : has('OrderRejected') || has('ApprovalRejected')
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
  }
}

function* keys({ answers, orders }: World): Iterable<string> {
  for (const [key, given] of answers) {
    const distinct = new Set(given.map(({ id, status }) => `${id} ${status}`));
    if (distinct.size !== 1) yield `${key} was answered differently: ${[...distinct].join(', ')}`;
    if (given.some(({ id }) => id !== orders.keys.get(key)?.orderId))
      yield `${key} made two orders`;
  }
}
