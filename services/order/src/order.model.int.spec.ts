import { DomainError, Clock } from '@equipmgnt/kernel';
import { type ApprovalAnswer } from '@equipmgnt/contracts';
import { isTransient } from '@equipmgnt/database';
import { createService } from '@equipmgnt/http';
import { readConfig } from '@equipmgnt/runtime';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import fc from 'fast-check';
import { DataSource } from 'typeorm';
import {
  freshDatabases,
  testProcessEnv,
  checkAgainstModel,
  CONCURRENCY,
  retryTransient,
} from '@equipmgnt/testing/jest';
import { ApprovalGateway } from './application/approval-gateway.ts';
import { ChangeOrder } from './application/change-order.ts';
import { FollowApprovals } from './application/follow-approvals.ts';
import { Orders } from './application/orders.ts';
import { PlaceOrder } from './application/place-order.ts';
import { RequestApproval } from './application/request-approval.ts';
import type { Order } from './domain/order.ts';
import { orderConfig } from './order.config.ts';
import { OrderModule } from './order.module.ts';

type Command =
  | {
      readonly kind: 'place';
      readonly equipmentId: number;
      readonly qty: number;
      readonly key: number | undefined;
    }
  | { readonly kind: 'cancel'; readonly orderId: number }
  | {
      readonly kind: 'obtained' | 'mismatched' | 'rejected';
      readonly orders: readonly number[];
    };

const orderId = fc.integer({ min: 1, max: 30 });
const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('place'),
      equipmentId: fc.integer({ min: 1, max: 2 }),
      qty: fc.integer({ min: 1, max: 4 }),
      key: fc.option(fc.nat(9), { nil: undefined }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('cancel'), orderId }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom('obtained', 'mismatched', 'rejected'),
      orders: fc.array(orderId, { minLength: 1, maxLength: 6 }),
    }),
  },
);

const unitsOf = ({ equipmentId, qty }: { equipmentId: number; qty: number }): string =>
  `${qty} of ${equipmentId}`;

/** The quantity of the order determines the answer of approval. */
class ScriptedApprovalGateway extends ApprovalGateway {
  async request({ id, details }: Order): Promise<ApprovalAnswer | undefined> {
    const { equipmentId, qty } = details;
    const answer = { id: 1_000 + id, orderId: id, equipmentId, qty };
    switch (qty) {
      case 1:
        return { ...answer, status: 'APPROVED' };
      case 2:
        return { ...answer, status: 'REJECTED', reason: 'OUT_OF_STOCK' };
      case 3:
        return { ...answer, equipmentId: equipmentId + 1, status: 'APPROVED' };
      default:
        return undefined; // no answer
    }
  }
}

describe(`Order with ${CONCURRENCY} concurrent clients and consumers`, () => {
  let databases: Awaited<ReturnType<typeof freshDatabases>>;
  let app: NestFastifyApplication;
  let database: DataSource;
  let placeOrder: PlaceOrder;

  /** The orders of each event, and of each answer to a cancellation. */
  const had = {
    obtained: new Set<number>(),
    mismatched: new Set<number>(),
    rejected: new Set<number>(),
    cancelled: new Set<number>(),
    notCancelled: new Set<number>(),
  };
  const placed: { order: Order; units: string; key: number | undefined }[] = [];
  const refused: { units: string; key: number | undefined }[] = [];

  beforeAll(async () => {
    databases = await freshDatabases();
    const config = readConfig(orderConfig, {
      ...testProcessEnv,
      DATABASE_URL: databases.urls.order,
      DATABASE_POOL_SIZE: String(CONCURRENCY),
      KAFKA_BROKERS: '127.0.0.1:1', // no broker: events stay in the outbox
      APPROVAL_URL: 'http://127.0.0.1:1', // not called: the answers are scripted
    });
    const module = OrderModule.with(config);
    app = await createService({ name: 'order', config, module, isTransient });
    database = app.get(DataSource);
    const [orders, clock] = [app.get(Orders), new Clock()];
    const requestApproval = new RequestApproval(orders, new ScriptedApprovalGateway(), clock);
    placeOrder = new PlaceOrder(orders, requestApproval, clock);
  });

  afterAll(async () => {
    await app.close();
    await databases.drop();
  });

  const reset = async () => {
    await database.query('TRUNCATE orders, idempotency_keys, outbox RESTART IDENTITY');
    for (const orders of Object.values(had)) orders.clear();
    placed.length = 0;
    refused.length = 0;
  };

  const place = async (what: Command & { kind: 'place' }): Promise<void> => {
    const { equipmentId, qty, key } = what;
    const idempotencyKey = key === undefined ? undefined : `key-${key}`;
    const order = await placeOrder
      .execute({ equipmentId, qty }, undefined, idempotencyKey)
      .catch(refusal);
    if (order instanceof DomainError) refused.push({ units: unitsOf(what), key });
    else placed.push({ order, units: unitsOf(what), key });
  };

  const cancel = async (id: number): Promise<void> => {
    const order = await app.get(ChangeOrder).execute(id, 'CANCELLED').catch(refusal);
    if (!(order instanceof DomainError)) had.cancelled.add(id);
    else if (order.kind === 'conflict') had.notCancelled.add(id);
  };

  const run = async (next: Command): Promise<void> => {
    if (next.kind === 'place') return place(next);
    if (next.kind === 'cancel') return cancel(next.orderId);
    const follow = app.get(FollowApprovals);
    const existing = await app.get(Orders).find(next.orders);
    for (const { id } of existing) had[next.kind].add(id);
    const approvals = existing.map(({ id, details: { equipmentId, qty } }) => ({
      approvalId: 1_000 + id,
      orderId: id,
      equipmentId: equipmentId + (next.kind === 'mismatched' ? 1 : 0),
      qty,
    }));
    const rejections = approvals.map((each) => ({ ...each, reason: 'OUT_OF_STOCK' }));
    await retryTransient(() =>
      next.kind === 'rejected' ? follow.rejected(rejections) : follow.obtained(approvals),
    );
  };

  /** The possible final statuses of an order. The answer to a cancellation leaves only one. */
  const endings = (id: number, qty: number): string[] => {
    if (had.cancelled.has(id)) return ['CANCELLED'];
    if (had.notCancelled.has(id) || had.rejected.has(id)) return ['REJECTED'];
    const ends = [
      ...(had.obtained.has(id) || qty === 1 ? ['APPROVED'] : []),
      ...(qty === 2 ? ['REJECTED'] : []),
    ];
    return ends.length > 0 ? ends : ['ORDERED'];
  };

  interface Row {
    readonly id: number;
    readonly equipmentId: number;
    readonly qty: number;
    readonly status: string;
  }

  function* statesDiffer(rows: readonly Row[], events: readonly { key: number; type: string }[]) {
    for (const { id, qty, status } of rows) {
      const ends = endings(id, qty);
      if (!ends.includes(status)) yield `order ${id} is ${status}, not ${ends.join(' or ')}`;
      const expected = ['Ordered', ...(status === 'CANCELLED' ? ['OrderCancelled'] : [])];
      const types = events.filter(({ key }) => key === id).map(({ type }) => type);
      if (`${types}` !== `${expected}`) yield `order ${id} published ${types}, not ${expected}`;
    }
  }

  function* answersDiffer(rows: readonly Row[]) {
    const keyless = placed.filter(({ key }) => key === undefined);
    const keys = new Set(placed.flatMap(({ key }) => (key === undefined ? [] : [key])));
    if (rows.length !== keyless.length + keys.size) {
      yield `${rows.length} orders, but ${keyless.length} requests without a key and ${keys.size} keys`;
    }
    const ids = new Set(keyless.map(({ order }) => order.id));
    if (ids.size !== keyless.length) yield 'two requests without a key got the same order';
    for (const answer of placed) {
      const row = rows.find(({ id }) => id === answer.order.id);
      if (!row || unitsOf(row) !== answer.units) {
        yield `order ${answer.order.id} is for ${row && unitsOf(row)}, not ${answer.units}`;
      }
    }
    for (const key of keys) {
      const given = placed.filter((each) => each.key === key);
      const distinct = new Set(given.map(({ order: { id, status } }) => `${id} ${status}`));
      if (distinct.size !== 1) yield `key ${key} got different answers: ${[...distinct]}`;
      const first = given[0]?.units;
      const wrong = refused.filter((each) => each.key === key && each.units === first);
      if (wrong.length > 0) yield `key ${key} was refused for its own order`;
    }
  }

  const differences = async (): Promise<string[]> => {
    const rows: Row[] = await database.query(
      `SELECT id, equipment_id AS "equipmentId", qty, status FROM orders`,
    );
    const events: { key: number; type: string }[] = await database.query(
      `SELECT key, split_part(type, '.', 2) AS type FROM outbox ORDER BY id`,
    );
    return [...statesDiffer(rows, events), ...answersDiffer(rows)];
  };

  it('places each order once and ends it once', () =>
    checkAgainstModel(command, { reset, run, differences }));
});

function refusal(error: unknown): DomainError {
  if (error instanceof DomainError) return error;
  throw error;
}
