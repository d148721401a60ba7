import type { ApprovalAnswer, EventData, EventFact, EventType } from '@equipmgnt/contracts';
import { ApproveOrder } from '../../services/approval/src/application/approve-order.ts';
import { UpdateApprovals } from '../../services/approval/src/application/update-approvals.ts';
import { MoveStock } from '../../services/equipment/src/application/move-stock.ts';
import { factOf, rentalEvents, type RentalEvent } from '../../services/mis/src/domain/rental.ts';
import { ApprovalGateway } from '../../services/order/src/application/approval-gateway.ts';
import { ChangeOrder } from '../../services/order/src/application/change-order.ts';
import { FollowApprovals } from '../../services/order/src/application/follow-approvals.ts';
import { PlaceOrder } from '../../services/order/src/application/place-order.ts';
import { RequestApproval } from '../../services/order/src/application/request-approval.ts';
import type { Order } from '../../services/order/src/domain/order.ts';
import { Outbox, type Bus, type Handlers } from './bus.ts';
import { Clients } from './clients.ts';
import { SkewedClock, Time } from './clock.ts';
import { DisorderedBus } from './disordered-bus.ts';
import { OrderedBus } from './ordered-bus.ts';
import { Random } from '@equipmgnt/testing';
import { Crash, Steps } from './steps.ts';
import { MemoryApprovals, MemoryEquipments, MemoryOrders, MemoryRentals } from './stores.ts';

/** The probability of each fault, for each step or message. */
export interface Faults {
  readonly crash: number;
  readonly repeat: number;
  /** Approval does not answer, or its answer is lost. */
  readonly approvalDown: number;
  /** Whether messages of one key may overtake each other, which Kafka prevents. */
  readonly disorder: boolean;
  /** The errors of the clocks of order, approval and equipment. */
  readonly skewsMs: readonly [number, number, number];
}

/** Far more than any world needs. */
const MAX_TURNS = 100_000;

/** The parts that a mutant may replace. */
const parts = {
  Outbox,
  Orders: MemoryOrders,
  Approvals: MemoryApprovals,
  Equipments: MemoryEquipments,
  Rentals: MemoryRentals,
};
export type Parts = typeof parts;

/**
 * The application code of the four services, with databases and a broker in memory. A seed decides
 * what clients do, which step comes next, what crashes, and when a message is delivered.
 */
export class World {
  readonly random: Random;
  readonly steps: Steps;
  readonly bus: Bus;
  readonly clients: Clients;
  readonly orders: MemoryOrders;
  readonly approvals: MemoryApprovals;
  readonly equipments: MemoryEquipments;
  readonly rentals: MemoryRentals;

  private readonly outboxes: readonly Outbox[];
  private readonly approve: ApproveOrder;
  private readonly clock: SkewedClock;
  private calm = false;

  constructor(
    seed: number,
    private readonly faults: Faults,
    replaced: Partial<Parts> = {},
  ) {
    const { Outbox, Orders, Approvals, Equipments, Rentals } = { ...parts, ...replaced };
    this.random = new Random(seed);
    this.steps = new Steps(this.random);
    this.bus = new (faults.disorder ? DisorderedBus : OrderedBus)(this.random, this.steps);
    const boxes = [new Outbox('order'), new Outbox('approval'), new Outbox('equipment')] as const;
    this.outboxes = boxes;
    this.orders = new Orders(this.steps, boxes[0]);
    this.approvals = new Approvals(this.steps, boxes[1]);
    this.equipments = new Equipments(this.steps, boxes[2]);
    this.rentals = new Rentals(this.steps);

    const time = new Time();
    const [order, approval, equipment] = faults.skewsMs.map((ms) => new SkewedClock(time, ms)) as [
      SkewedClock,
      SkewedClock,
      SkewedClock,
    ];
    this.clock = equipment;
    this.approve = new ApproveOrder(this.approvals, approval);
    const request = new RequestApproval(this.orders, this.approvalOverHttp(), order);
    const place = new PlaceOrder(this.orders, request, order);
    this.clients = new Clients(this.steps, place, new ChangeOrder(this.orders, order));

    const follow = new FollowApprovals(this.orders, order);
    const update = new UpdateApprovals(this.approvals, approval);
    const move = new MoveStock(this.equipments, equipment);
    this.bus.subscribe({
      name: 'order',
      handlers: {
        ...on('equipmgnt.ApprovalObtained.v1', (data) => follow.obtained(data)),
        ...on('equipmgnt.ApprovalRejected.v1', (data) => follow.rejected(data)),
      },
    });
    this.bus.subscribe({
      name: 'approval',
      handlers: {
        ...on('equipmgnt.Ordered.v1', (data) => update.confirm(data)),
        ...on('equipmgnt.OrderCancelled.v1', (data) => update.cancel(data)),
        ...on('equipmgnt.StockRejected.v1', (data) => update.reject(data)),
      },
    });
    this.bus.subscribe({
      name: 'equipment',
      handlers: {
        ...on('equipmgnt.ApprovalObtained.v1', (data) => move.handOut(data)),
        ...on('equipmgnt.CancelRequested.v1', (data) => move.takeBack(data)),
      },
    });
    const note = (facts: readonly EventFact[]) => this.rentals.project(facts.map(toRentalFact));
    const handlers = Object.fromEntries(rentalEvents.map((type) => [type, note]));
    this.bus.subscribe({ name: 'mis', handlers });
  }

  /** Starts a random action of a client. */
  act(): Promise<void> {
    const { random, clients } = this;
    const orderId = random.between(1, this.orders.rows.size + 1);
    const units = { equipmentId: random.between(1, 4), qty: random.between(1, 3) };
    const stock = random.between(0, 6);
    const newKey = `key-${clients.requested.size + 1}`;
    const acts: (() => Promise<void>)[] = [
      () =>
        this.begin('registers equipment', () =>
          this.equipments.register({ stock }, this.clock.now()),
        ),
      () => this.begin(`orders with ${newKey}`, () => clients.order(units, newKey)),
      () => this.orderAgain(units),
      () => this.begin('orders', () => clients.order(units)),
      () => this.begin(`cancels order ${orderId}`, () => clients.cancel(orderId)),
      // Any client may request the approval of any order, also before the order exists.
      () =>
        this.begin(`requests an approval of order ${orderId}`, () =>
          this.approve.execute({ orderId, ...units }),
        ),
    ];
    return random.pick(acts)();
  }

  /**
   * A relay publishes some rows of an outbox. It may crash before the broker has all of them, or
   * before it deletes them.
   */
  relay(): void {
    const { random } = this;
    const { rows, service } = random.pick(
      this.outboxes.filter(({ rows: { length } }) => length > 0),
    );
    const batch = rows.slice(0, random.between(1, 5));
    const crashes = !this.calm && random.chance(this.faults.crash);
    const sent = crashes ? random.between(0, batch.length) : batch.length;
    this.bus.publish(batch.slice(0, sent));
    if (!crashes) rows.splice(0, batch.length);
    const what = batch.slice(0, sent).map(({ id, fact }) => `${id} ${fact.type}`);
    this.steps.trace.push(`relay of ${service} publishes ${what}${crashes ? ' and crashes' : ''}`);
  }

  /** Whether a relay has anything to publish. */
  get unpublished(): boolean {
    return this.outboxes.some(({ rows }) => rows.length > 0);
  }

  async deliver(): Promise<void> {
    const delivery = this.bus.next(this.calm ? 0 : this.faults.repeat);
    if (delivery) await this.begin(delivery.name, delivery.handle);
  }

  advance(): Promise<void> {
    return this.steps.advance(this.calm ? 0 : this.faults.crash);
  }

  /** Without further faults, ends all operations and delivers all messages. */
  async settle(): Promise<void> {
    this.calm = true;
    await this.drain();
    for (const key of this.clients.unanswered) {
      const units = this.clients.requested.get(key);
      if (units) await this.begin(`orders with ${key} again`, () => this.clients.order(units, key));
    }
    await this.drain();
  }

  private async drain(): Promise<void> {
    // A message whose handler fails is delivered again without end, so the first failure stops this.
    for (let turns = 0; this.steps.failures.length === 0; turns += 1) {
      if (turns === MAX_TURNS) throw new Error('this world does not come to rest');
      if (this.steps.busy) await this.advance();
      else if (this.unpublished) this.relay();
      else if (!this.bus.drained) await this.deliver();
      else return;
    }
  }

  /** A client repeats a request, or uses the key for another order by mistake. */
  private orderAgain(other: { equipmentId: number; qty: number }): Promise<void> {
    const { random, clients } = this;
    if (clients.requested.size === 0) return Promise.resolve();
    const key = `key-${random.between(1, clients.requested.size)}`;
    const first = random.chance(0.8) ? clients.requested.get(key) : undefined;
    return this.begin(`orders with ${key} again`, () => clients.order(first ?? other, key));
  }

  private begin(name: string, operation: () => Promise<unknown>): Promise<void> {
    return this.steps.begin(name, async () => void (await operation()));
  }

  private approvalOverHttp(): ApprovalGateway {
    const { approve, random, faults } = this;
    const isDown = () => !this.calm && random.chance(faults.approvalDown);
    return new (class extends ApprovalGateway {
      async request(order: Order): Promise<ApprovalAnswer | undefined> {
        if (isDown()) return undefined;
        const { equipmentId, qty } = order.details;
        const found = await approve
          .execute({ orderId: order.id, equipmentId, qty })
          .catch(expectCrash);
        const approval = found?.approval;
        if (approval?.id === undefined || isDown()) return undefined;
        const { subject, state, id } = approval;
        const reason = 'reason' in state && { reason: state.reason };
        return { id, ...subject, status: state.status, ...reason };
      }
    })();
  }
}

const on = <T extends EventType>(
  type: T,
  handle: (data: EventData<T>[]) => Promise<unknown>,
): Handlers => ({
  [type]: async (facts: readonly EventFact[]) => {
    await handle(facts.map(({ data }) => data as EventData<T>));
  },
});

/** The fact that the view stores of an event. */
export const toRentalFact = ({ type, data, at }: EventFact) =>
  factOf(type as RentalEvent, data as EventData<RentalEvent>, at);

/** When the callee crashes, the caller continues without an answer. */
function expectCrash(error: unknown): undefined {
  if (!(error instanceof Crash)) throw error;
}
