import {
  DomainError,
  type ApprovalAnswer,
  type EventData,
  type EventFact,
  type EventType,
} from '@equipmgnt/contracts';
import { Clock } from '@equipmgnt/service';
import { ObtainApprovals } from '../../services/approval/src/application/obtain-approvals.ts';
import { SettleApprovals } from '../../services/approval/src/application/settle-approvals.ts';
import { MoveStock } from '../../services/equipment/src/application/move-stock.ts';
import { factOf, rentalEvents, type RentalEvent } from '../../services/mis/src/domain/rental.ts';
import { Approvals } from '../../services/order/src/application/approvals.ts';
import { ChangeOrder } from '../../services/order/src/application/change-order.ts';
import { FollowApprovals } from '../../services/order/src/application/follow-approvals.ts';
import { ObtainApproval } from '../../services/order/src/application/obtain-approval.ts';
import { PlaceOrder } from '../../services/order/src/application/place-order.ts';
import { RecheckWaiting } from '../../services/order/src/application/recheck-waiting.ts';
import type { Order } from '../../services/order/src/domain/order.ts';
import { Bus, Outbox } from './bus.ts';
import { Random } from './random.ts';
import { Crash, Steps } from './steps.ts';
import { MemoryApprovals, MemoryEquipments, MemoryOrders, MemoryRentals } from './stores.ts';

/** How much goes wrong; probabilities, for each step or message. */
export interface Faults {
  readonly crash: number;
  readonly repeat: number;
  /** Approval does not answer, or its answer is lost. */
  readonly approvalAway: number;
}

type Handlers = Partial<Record<EventType, (facts: readonly EventFact[]) => Promise<void>>>;

const on = <T extends EventType>(
  type: T,
  handle: (data: EventData<T>[]) => Promise<unknown>,
): Handlers => ({
  [type]: async (facts: readonly EventFact[]) => {
    await handle(facts.map(({ data }) => data as EventData<T>));
  },
});

/**
 * The four services' own application code over databases and a broker in memory, driven by a seed:
 * what clients do, which step comes next, who crashes and what is delivered when.
 */
export class World {
  readonly random: Random;
  readonly steps: Steps;
  readonly bus: Bus;
  readonly orders: MemoryOrders;
  readonly approvals: MemoryApprovals;
  readonly equipments: MemoryEquipments;
  readonly rentals: MemoryRentals;
  /** The answers that clients got, by their idempotency key. */
  readonly answers = new Map<string, Order[]>();

  private readonly outboxes = [
    new Outbox('order'),
    new Outbox('approval'),
    new Outbox('equipment'),
  ];
  private readonly place: PlaceOrder;
  private readonly change: ChangeOrder;
  private readonly recheck: RecheckWaiting;
  private readonly obtain: ObtainApprovals;
  private keys = 0;
  private calm = false;

  constructor(
    seed: number,
    private readonly faults: Faults,
  ) {
    this.random = new Random(seed);
    this.steps = new Steps(this.random);
    this.bus = new Bus(this.random);
    const [orderBox, approvalBox, equipmentBox] = this.outboxes as [Outbox, Outbox, Outbox];
    this.orders = new MemoryOrders(this.steps, orderBox);
    this.approvals = new MemoryApprovals(this.steps, approvalBox);
    this.equipments = new MemoryEquipments(this.steps, equipmentBox);
    this.rentals = new MemoryRentals(this.steps);

    const clock = new Clock();
    this.obtain = new ObtainApprovals(this.approvals, clock);
    const ask = new ObtainApproval(this.orders, this.approvalOverHttp(), clock);
    this.place = new PlaceOrder(this.orders, ask, clock);
    this.change = new ChangeOrder(this.orders, clock);
    this.recheck = new RecheckWaiting(this.orders, ask, clock);
    this.subscribe(clock);
  }

  /** Begins something that a client or a timer may do. */
  act(): void {
    const { random } = this;
    const orderId = random.between(1, this.orders.rows.size + 1);
    const what = { equipmentId: random.between(1, 4), qty: random.between(1, 3) };
    const acts: (() => Promise<unknown>)[] = [
      () => this.equipments.register({ stock: random.between(0, 6) }, new Date()),
      () => this.placeWithKey(what),
      () => this.placeWithKey(what),
      () => this.place.execute(what),
      () => this.change.execute(orderId, 'CANCELLED').catch(expectRefusal),
      // somebody asks for an approval of any order, even of one that is yet to come
      () => this.obtain.execute([{ orderId, ...what }]),
      () => this.recheck.execute(0),
    ];
    const act = random.pick(acts);
    this.steps.begin(async () => void (await act()));
  }

  /** A relay publishes some of an outbox's rows, and may crash before it removes them. */
  relay(): void {
    const { rows } = this.random.pick(this.outboxes);
    const batch = rows.slice(0, this.random.between(1, 5));
    this.bus.publish(batch);
    if (this.calm || !this.random.chance(this.faults.crash)) rows.splice(0, batch.length);
  }

  deliver(): void {
    const handle = this.bus.next(this.calm ? 0 : this.faults.repeat);
    if (handle) this.steps.begin(handle);
  }

  advance(): Promise<void> {
    return this.steps.advance(this.calm ? 0 : this.faults.crash);
  }

  /** Nothing fails any more; everything that is under way or undelivered comes to its end. */
  async settle(): Promise<void> {
    this.calm = true;
    // the second time around for orders whose recheck has made new events
    for (let round = 0; round < 2; round += 1) {
      for (;;) {
        if (this.steps.busy) await this.advance();
        else if (this.outboxes.some(({ rows }) => rows.length > 0)) this.relay();
        else if (!this.bus.drained) this.deliver();
        else break;
      }
      this.steps.begin(() => this.recheck.execute(0));
      this.steps.begin(() => this.recheck.execute(0));
    }
    while (this.steps.busy) await this.advance();
  }

  private async placeWithKey(what: { equipmentId: number; qty: number }): Promise<void> {
    const idempotencyKey = `key-${this.random.chance(0.3) ? this.keys : ++this.keys}`;
    const order = await this.place.execute({ ...what, idempotencyKey }).catch(expectRefusal);
    if (order) {
      this.answers.set(idempotencyKey, [...(this.answers.get(idempotencyKey) ?? []), order]);
    }
  }

  private approvalOverHttp(): Approvals {
    const { obtain, random, faults } = this;
    const isAway = () => !this.calm && random.chance(faults.approvalAway);
    return new (class extends Approvals {
      async request(order: Order): Promise<ApprovalAnswer | undefined> {
        if (isAway()) return undefined;
        const { id: orderId, equipmentId, qty } = order;
        const obtained = await obtain.execute([{ orderId, equipmentId, qty }]).catch(expectCrash);
        const approval = obtained?.[0]?.approval;
        if (approval?.id === undefined || isAway()) return undefined;
        const { subject, state, id } = approval;
        return {
          id,
          ...subject,
          status: state.status,
          ...('reason' in state && { reason: state.reason }),
        };
      }
    })();
  }

  private subscribe(clock: Clock): void {
    const follow = new FollowApprovals(this.orders, clock);
    this.bus.subscribe({
      ...on('equipmgnt.ApprovalObtained.v1', (data) => follow.obtained(data)),
      ...on('equipmgnt.ApprovalRejected.v1', (data) => follow.rejected(data)),
    });
    const settle = new SettleApprovals(this.approvals, clock);
    this.bus.subscribe({
      ...on('equipmgnt.Ordered.v1', (data) => this.obtain.execute(data)),
      ...on('equipmgnt.OrderCancelled.v1', (data) => settle.cancel(data)),
      ...on('equipmgnt.OrderRejected.v1', (data) => settle.cancel(data)),
      ...on('equipmgnt.StockRejected.v1', (data) => settle.reject(data)),
    });
    const moveStock = new MoveStock(this.equipments, clock);
    this.bus.subscribe({
      ...on('equipmgnt.ApprovalObtained.v1', (data) => moveStock.handOut(data)),
      ...on('equipmgnt.CancelRequested.v1', (data) => moveStock.takeBack(data)),
    });
    const note = (facts: readonly EventFact[]) =>
      this.rentals.note(
        facts.map(({ type, data, at }) =>
          factOf(type as RentalEvent, data as EventData<RentalEvent>, at),
        ),
      );
    this.bus.subscribe(Object.fromEntries(rentalEvents.map((type) => [type, note])));
  }
}

/** The callee crashed; its caller lives on and gets no answer. */
function expectCrash(error: unknown): undefined {
  if (!(error instanceof Crash)) throw error;
}

/** No such order, a forbidden transition, or a reused key: the client is told, nothing changes. */
function expectRefusal(error: unknown): undefined {
  if (!(error instanceof DomainError)) throw error;
}
