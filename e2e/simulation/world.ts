import type { ApprovalAnswer, EventData, EventFact, EventType } from '@equipmgnt/contracts';
import { ObtainApprovals } from '../../services/approval/src/application/obtain-approvals.ts';
import { SettleApprovals } from '../../services/approval/src/application/settle-approvals.ts';
import { MoveStock } from '../../services/equipment/src/application/move-stock.ts';
import { factOf, rentalEvents, type RentalEvent } from '../../services/mis/src/domain/rental.ts';
import { Approvals } from '../../services/order/src/application/approval-gateway.ts';
import { ChangeOrder } from '../../services/order/src/application/change-order.ts';
import { FollowApprovals } from '../../services/order/src/application/follow-approvals.ts';
import { ObtainApproval } from '../../services/order/src/application/obtain-approval.ts';
import { PlaceOrder } from '../../services/order/src/application/place-order.ts';
import { RecheckWaiting } from '../../services/order/src/application/recheck-waiting.ts';
import type { Order } from '../../services/order/src/domain/order.ts';
import { Outbox, type Bus, type Handlers } from './bus.ts';
import { Clients } from './clients.ts';
import { SkewedClock, Time } from './clock.ts';
import { DisorderedBus } from './disordered-bus.ts';
import { OrderedBus } from './ordered-bus.ts';
import { Random } from '@equipmgnt/testing';
import { Crash, Steps } from './steps.ts';
import { MemoryApprovals, MemoryEquipments, MemoryOrders, MemoryRentals } from './stores.ts';

/** How much goes wrong; probabilities, for each step or message. */
export interface Faults {
  readonly crash: number;
  readonly repeat: number;
  /** Approval does not answer, or its answer is lost. */
  readonly approvalAway: number;
  /** Whether messages of one key may overtake each other, which Kafka never lets them. */
  readonly disorder: boolean;
  /** How far the clocks of order, approval and equipment are off. */
  readonly skewsMs: readonly [number, number, number];
}

/** Far more than any world has needed. */
const MAX_TURNS = 100_000;

/** The parts that may be replaced, to see that a faulty one is found. */
const parts = {
  Outbox,
  Orders: MemoryOrders,
  Approvals: MemoryApprovals,
  Equipments: MemoryEquipments,
  Rentals: MemoryRentals,
};
export type Parts = typeof parts;

/**
 * The four services' own application code over databases and a broker in memory, driven by a seed:
 * what clients do, which step comes next, who crashes and what is delivered when.
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
  private readonly obtain: ObtainApprovals;
  private readonly recheck: RecheckWaiting;
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
    this.obtain = new ObtainApprovals(this.approvals, approval);
    const ask = new ObtainApproval(this.orders, this.approvalOverHttp(), order);
    this.recheck = new RecheckWaiting(this.orders, ask, order);
    const place = new PlaceOrder(this.orders, ask, order);
    this.clients = new Clients(this.steps, place, new ChangeOrder(this.orders, order));

    const follow = new FollowApprovals(this.orders, order);
    const settle = new SettleApprovals(this.approvals, approval);
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
        ...on('equipmgnt.Ordered.v1', (data) => this.obtain.ofPlaced(data)),
        ...on('equipmgnt.OrderCancelled.v1', (data) => settle.cancel(data)),
        ...on('equipmgnt.OrderRejected.v1', (data) => settle.cancel(data)),
        ...on('equipmgnt.StockRejected.v1', (data) => settle.reject(data)),
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

  /** Begins something that a client or a timer may do. */
  act(): Promise<void> {
    const { random, clients } = this;
    const orderId = random.between(1, this.orders.rows.size + 1);
    const wish = { equipmentId: random.between(1, 4), qty: random.between(1, 3) };
    const stock = random.between(0, 6);
    const newKey = `key-${clients.wishes.size + 1}`;
    const acts: (() => Promise<void>)[] = [
      () =>
        this.begin('registers equipment', () =>
          this.equipments.register({ stock }, this.clock.now()),
        ),
      () => this.begin(`orders with ${newKey}`, () => clients.order(wish, newKey)),
      () => this.orderAgain(wish),
      () => this.begin('orders', () => clients.order(wish)),
      () => this.begin(`cancels order ${orderId}`, () => clients.cancel(orderId)),
      // somebody asks for an approval of any order, even of one that is yet to come
      () =>
        this.begin(`wants approval of order ${orderId}`, () =>
          this.obtain.execute([{ orderId, ...wish }]),
        ),
      () => this.sweep(),
    ];
    return random.pick(acts)();
  }

  /**
   * A relay publishes some of an outbox's rows. It may crash before the broker has them all, or
   * before it removes them.
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

  /** Nothing fails any more; everything that is under way or undelivered comes to its end. */
  async settle(): Promise<void> {
    this.calm = true;
    await this.drain();
    for (const key of this.clients.unanswered) {
      const wish = this.clients.wishes.get(key);
      if (wish) await this.begin(`orders with ${key} again`, () => this.clients.order(wish, key));
    }
    await this.drain();
    // for orders whose approval was there before them; two replicas may sweep at once
    await this.sweep();
    await this.sweep();
    await this.drain();
  }

  private async drain(): Promise<void> {
    // what fails is delivered again without end
    for (let turns = 0; this.steps.failures.length === 0; turns += 1) {
      if (turns === MAX_TURNS) throw new Error('this world never comes to rest');
      if (this.steps.busy) await this.advance();
      else if (this.unpublished) this.relay();
      else if (!this.bus.drained) await this.deliver();
      else return;
    }
  }

  private sweep(): Promise<void> {
    return this.begin('rechecks waiting orders', () => this.recheck.execute(0));
  }

  /** A client repeats a request, or uses its key for another order by mistake. */
  private orderAgain(other: { equipmentId: number; qty: number }): Promise<void> {
    const { random, clients } = this;
    if (clients.wishes.size === 0) return Promise.resolve();
    const key = `key-${random.between(1, clients.wishes.size)}`;
    const wish = random.chance(0.8) ? clients.wishes.get(key) : undefined;
    return this.begin(`orders with ${key} again`, () => clients.order(wish ?? other, key));
  }

  private begin(name: string, operation: () => Promise<unknown>): Promise<void> {
    return this.steps.begin(name, async () => void (await operation()));
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

/** What an event tells the view. */
export const toRentalFact = ({ type, data, at }: EventFact) =>
  factOf(type as RentalEvent, data as EventData<RentalEvent>, at);

/** The callee crashed; its caller lives on and gets no answer. */
function expectCrash(error: unknown): undefined {
  if (!(error instanceof Crash)) throw error;
}
