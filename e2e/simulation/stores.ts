import type { EventFact } from '@equipmgnt/contracts';
import { requireSameRequest, type Page, type RequestKey } from '@equipmgnt/kernel';
import { Approvals, type FoundOrAdded } from '../../services/approval/src/application/approvals.ts';
import { Approval } from '../../services/approval/src/domain/approval.ts';
import { Equipments, type Decide } from '../../services/equipment/src/application/equipments.ts';
import { Equipment, type NewEquipment } from '../../services/equipment/src/domain/equipment.ts';
import {
  StockLedger,
  type LedgerEntry,
  type StockRequest,
} from '../../services/equipment/src/domain/stock-ledger.ts';
import { Orders, type Placement } from '../../services/order/src/application/orders.ts';
import { Order, type NewOrder, type OrderStatus } from '../../services/order/src/domain/order.ts';
import { Rentals } from '../../services/mis/src/application/rentals.ts';
import type { Rental, RentalFact } from '../../services/mis/src/domain/rental.ts';
import type { ViewProgress } from '../../services/mis/src/domain/view-progress.ts';
import type { Outbox } from './bus.ts';
import type { Steps } from './steps.ts';

const EPOCH = new Date(0);

const notSimulated = (): never => {
  throw new Error('not simulated');
};

/** The database of order. Every method is one transaction, as in PostgreSQL. */
export class MemoryOrders extends Orders {
  readonly rows = new Map<number, Order>();
  readonly keys = new Map<string, { fingerprint: string; orderId: number; answer?: Order }>();
  /** All statuses of each order, in order of time. */
  readonly histories = new Map<number, OrderStatus[]>();

  constructor(
    private readonly steps: Steps,
    private readonly outbox: Outbox,
  ) {
    super();
  }

  place(order: NewOrder, key?: RequestKey): Promise<Placement> {
    return this.steps.step('places', (): Placement => {
      const known = key && this.keys.get(key.key);
      if (key && known) {
        requireSameRequest(key, known.fingerprint);
        const { orderId, answer } = known;
        return { order: this.load(orderId), ...(answer && { answer }) };
      }
      const { orderedAt, ...details } = order;
      const id = this.rows.size + 1;
      if (key) this.keys.set(key.key, { fingerprint: key.fingerprint, orderId: id });
      this.store(new Order({ id, details: order, state: { status: 'ORDERED' } }));
      const data = { orderId: id, ...details };
      this.outbox.write([{ type: 'equipmgnt.Ordered.v1', data, at: orderedAt }]);
      return { order: this.load(id) };
    });
  }

  find(ids: readonly number[]): Promise<Order[]> {
    return this.steps.step(`finds orders ${ids}`, () =>
      ids.filter((id) => this.rows.has(id)).map((id) => this.load(id)),
    );
  }

  save(orders: readonly Order[]): Promise<ReadonlySet<number>> {
    return this.steps.step('saves orders', () => {
      const saved = orders.filter((order) => this.isCurrent(order));
      for (const order of saved) {
        this.store(order);
        this.outbox.write(order.facts);
      }
      return new Set(saved.map(({ id }) => id));
    });
  }

  keepAnswer(key: string, answer: Order): Promise<Order> {
    return this.steps.step(`stores the answer of ${key}`, () => {
      const entry = this.keys.get(key);
      return entry ? (entry.answer ??= answer) : answer;
    });
  }

  page = notSimulated as () => Promise<Page<Order>>;

  /** Whether the stored order is unchanged since this one was loaded. */
  protected isCurrent({ id, loadedStatus }: Order): boolean {
    return this.rows.get(id)?.status === loadedStatus;
  }

  private load(id: number): Order {
    return new Order(this.rows.get(id) as Order);
  }

  private store(order: Order): void {
    this.rows.set(order.id, order);
    const history = this.histories.get(order.id);
    if (history) history.push(order.status);
    else this.histories.set(order.id, [order.status]);
  }
}

/** The database of approval. */
export class MemoryApprovals extends Approvals {
  /** By order id. */
  readonly rows = new Map<number, Approval & { id: number }>();

  constructor(
    private readonly steps: Steps,
    private readonly outbox: Outbox,
  ) {
    super();
  }

  findOrAdd(approval: Approval): Promise<FoundOrAdded> {
    const { orderId } = approval.subject;
    return this.steps.step(`finds or adds the approval of order ${orderId}`, () => {
      const created = !this.rows.has(orderId);
      if (created) this.store(approval);
      return { approval: this.load(orderId), created };
    });
  }

  ofOrders(orderIds: readonly number[]): Promise<Approval[]> {
    return this.steps.step(`finds approvals of orders ${orderIds}`, () =>
      orderIds.filter((id) => this.rows.has(id)).map((id) => this.load(id)),
    );
  }

  save(approvals: readonly Approval[]): Promise<ReadonlySet<number>> {
    return this.steps.step('saves approvals', () => {
      const saved = approvals.filter((approval) => this.isCurrent(approval));
      for (const approval of saved) this.store(approval);
      return new Set(saved.map(({ subject }) => subject.orderId));
    });
  }

  find = notSimulated as () => Promise<Approval | undefined>;
  page = notSimulated as () => Promise<Page<Approval>>;

  /** Whether the stored approval, if any, is unchanged since this one was loaded. */
  protected isCurrent({ subject, loaded }: Approval): boolean {
    const row = this.rows.get(subject.orderId);
    return row?.status === loaded?.status && isConfirmed(row) === (loaded?.confirmed ?? false);
  }

  private load(orderId: number): Approval {
    return new Approval(this.rows.get(orderId) as Approval);
  }

  private store(approval: Approval): void {
    const { subject, state, confirmedAt, facts } = approval;
    const id = approval.id ?? this.rows.size + 1;
    const row = new Approval({ id, subject, state, confirmedAt });
    this.rows.set(subject.orderId, row as Approval & { id: number });
    this.outbox.write(
      facts.map((fact) => ({ ...fact, data: { ...fact.data, approvalId: id } }) as EventFact),
    );
  }
}

const isConfirmed = (approval: Approval | undefined): boolean =>
  approval?.confirmedAt !== undefined;

/** The database of equipment. */
export class MemoryEquipments extends Equipments {
  readonly rows = new Map<number, { registered: number; stock: number }>();
  readonly ledger: LedgerEntry[] = [];

  constructor(
    private readonly steps: Steps,
    private readonly outbox: Outbox,
  ) {
    super();
  }

  register(equipment: NewEquipment, now: Date): Promise<Equipment> {
    return this.steps.step('registers', () => {
      const id = this.rows.size + 1;
      const { stock } = equipment;
      this.rows.set(id, { registered: stock, stock });
      const data = { equipmentId: id, stock };
      this.outbox.write([{ type: 'equipmgnt.EquipmentRegistered.v1', data, at: now }]);
      return new Equipment({ id, details: equipment, registeredAt: now });
    });
  }

  move(requests: readonly StockRequest[], decide: Decide): Promise<void> {
    return this.steps.step('moves stock', () => {
      const equipments = new Map(
        [...this.rows].map(([id, { stock }]) => [
          id,
          new Equipment({ id, details: { stock }, registeredAt: EPOCH }),
        ]),
      );
      const ledger = new StockLedger(this.linesOf(requests));
      for (const request of requests) decide(request, equipments.get(request.equipmentId), ledger);
      for (const [id, { stock }] of equipments) {
        if (stock < 0) throw new Error(`stock of equipment ${id} is ${stock}`);
        this.rows.set(id, { registered: this.rows.get(id)?.registered ?? 0, stock });
      }
      this.ledger.push(...ledger.written);
      this.outbox.write(ledger.facts);
    });
  }

  /** The ledger lines of the requested orders. */
  protected linesOf(requests: readonly StockRequest[]): LedgerEntry[] {
    return this.ledger.filter((line) => requests.some(({ orderId }) => orderId === line.orderId));
  }

  find = notSimulated as () => Promise<Equipment | undefined>;
  page = notSimulated as () => Promise<Page<Equipment>>;
}

/** The database of mis. */
export class MemoryRentals extends Rentals {
  readonly rows = new Map<number, RentalFact[]>();

  constructor(private readonly steps: Steps) {
    super();
  }

  project(facts: readonly RentalFact[]): Promise<void> {
    return this.steps.step('stores facts', () => noteIn(this.rows, facts));
  }

  projectEquipment = notSimulated as () => Promise<void>;
  find = notSimulated as () => Promise<Rental | undefined>;
  progressAt = notSimulated as () => Promise<ViewProgress>;
  page = notSimulated as () => Promise<Page<Rental>>;
}

/** Adds the facts that are not stored yet. */
export function noteIn(rows: Map<number, RentalFact[]>, facts: readonly RentalFact[]): void {
  for (const fact of facts) {
    const known = rows.get(fact.orderId);
    if (known === undefined) rows.set(fact.orderId, [fact]);
    else if (known.every(({ event }) => event !== fact.event)) known.push(fact);
  }
}
