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

/** What does not add up in a world at rest; nothing when the books balance. */
export function discrepancies(world: World): string[] {
  return [
    ...world.steps.failures.map(String),
    ...orders(world),
    ...stock(world),
    ...view(world),
    ...promises(world),
  ];
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
  const lines = new Set(
    equipments.ledger.map(({ orderId, direction }) => `${orderId} ${direction}`),
  );
  if (lines.size !== equipments.ledger.length) yield 'the ledger has two lines for one movement';
  const movements = bus.published.filter(({ fact }) => /Stock(De|In)creased/.test(fact.type));
  const effects = equipments.ledger.filter(({ outcome }) => /TAKEN|RETURNED/.test(outcome));
  const told = new Set(movements.map(({ id }) => id));
  if (told.size !== effects.length) yield `${effects.length} movements, ${told.size} events`;
}

function* view({ orders, approvals, rentals, bus }: World): Iterable<string> {
  const rebuilt = new Map<number, RentalFact[]>();
  const published = bus.published.map(({ fact }) => fact);
  noteIn(rebuilt, published.filter(({ type }) => type !== REGISTERED).map(toRentalFact));
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

/** What clients were told holds. */
function* promises({ clients, orders }: World): Iterable<string> {
  for (const { id, wish } of clients.acknowledged) {
    const order = orders.rows.get(id);
    if (order?.equipmentId !== wish.equipmentId || order.qty !== wish.qty) {
      yield `order ${id} was acknowledged for ${wish.qty} of ${wish.equipmentId}, but is not that`;
    }
  }
  for (const id of clients.denied) yield `order ${id} was acknowledged, then denied`;
  for (const [key, given] of clients.answers) {
    const distinct = new Set(given.map(({ id, status }) => `${id} ${status}`));
    if (distinct.size !== 1) yield `${key} was answered differently: ${[...distinct].join(', ')}`;
    if (given.some(({ id }) => id !== orders.keys.get(key)?.orderId))
      yield `${key} made two orders`;
  }
  for (const id of clients.cancelled) {
    const status = orders.rows.get(id)?.status;
    if (status !== 'CANCELLED') yield `order ${id} was cancelled for its client, but is ${status}`;
  }
  for (const id of clients.notCancelled) {
    const status = orders.rows.get(id)?.status;
    if (status !== 'REJECTED') yield `order ${id} could not be cancelled, but is ${status}`;
  }
}
