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
import { ApproveOrder } from './application/approve-order.ts';
import { UpdateApprovals } from './application/update-approvals.ts';
import { approvalConfig } from './approval.config.ts';
import { ApprovalModule } from './approval.module.ts';
import type { Subject } from './domain/approval.ts';

interface Command {
  readonly kind: 'approve' | 'confirm' | 'cancel' | 'reject';
  readonly orders: readonly number[];
}

const command: fc.Arbitrary<Command> = fc.record({
  kind: fc.constantFrom('approve', 'approve', 'confirm', 'confirm', 'cancel', 'reject'),
  orders: fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 6 }),
});

/** What was ordered. */
const subjectOf = (orderId: number): Subject => ({
  orderId,
  equipmentId: 1 + (orderId % 3),
  qty: 1 + (orderId % 2),
});

/** What an HTTP call requests. It differs from the order for every second order. */
const requestFor = (orderId: number): Subject => ({
  ...subjectOf(orderId),
  equipmentId: 1 + ((orderId + (orderId % 2)) % 3),
});

interface Row extends Subject {
  readonly id: number;
  readonly status: string;
  readonly approved: boolean;
  readonly confirmed: boolean;
}

describe(`Approval with ${CONCURRENCY} concurrent callers and consumers`, () => {
  let databases: Awaited<ReturnType<typeof freshDatabases>>;
  let app: NestFastifyApplication;
  let database: DataSource;
  /** The orders of each kind of command. */
  const requested = {
    approve: new Set<number>(),
    confirm: new Set<number>(),
    cancel: new Set<number>(),
    reject: new Set<number>(),
  };
  /** The answers to calls by order: the ids, and the number of answers with a new approval. */
  const answered = new Map<number, { ids: Set<number | undefined>; created: number }>();

  beforeAll(async () => {
    databases = await freshDatabases();
    const config = readConfig(approvalConfig, {
      ...testProcessEnv,
      DATABASE_URL: databases.urls.approval,
      DATABASE_POOL_SIZE: String(CONCURRENCY),
      KAFKA_BROKERS: '127.0.0.1:1', // no broker: events stay in the outbox
    });
    const module = ApprovalModule.with(config);
    app = await createService({ name: 'approval', config, module, isTransient });
    database = app.get(DataSource);
  });

  afterAll(async () => {
    await app.close();
    await databases.drop();
  });

  const reset = async () => {
    await database.query('TRUNCATE approvals, outbox RESTART IDENTITY');
    for (const orders of Object.values(requested)) orders.clear();
    answered.clear();
  };

  const run = async ({ kind, orders }: Command): Promise<void> => {
    for (const id of orders) requested[kind].add(id);
    const subjects = orders.map(subjectOf);
    const update = app.get(UpdateApprovals);
    switch (kind) {
      case 'approve':
        for (const id of orders) await retryTransient(() => approve(requestFor(id)));
        return;
      case 'confirm':
        return retryTransient(() => update.confirm(subjects));
      case 'cancel':
        return retryTransient(() => update.cancel(subjects));
      case 'reject': {
        const rejections = subjects.map((each) => ({ ...each, reason: 'OUT_OF_STOCK' }));
        return retryTransient(() => update.reject(rejections));
      }
    }
  };

  const approve = async (subject: Subject): Promise<void> => {
    const { approval, created } = await app.get(ApproveOrder).execute(subject);
    const { orderId } = subject;
    const before = answered.get(orderId) ?? { ids: new Set(), created: 0 };
    before.ids.add(approval.id);
    answered.set(orderId, { ids: before.ids, created: before.created + (created ? 1 : 0) });
  };

  /** The possible final statuses of the approval of an order. */
  const endings = (orderId: number): string[] => {
    const settled = [
      ...(requested.cancel.has(orderId) ? ['CANCELLED'] : []),
      ...(requested.reject.has(orderId) ? ['REJECTED'] : []),
    ];
    return settled.length > 0 ? settled : ['APPROVED'];
  };

  function* differ({ id, status, approved, confirmed, ...subject }: Row, types: readonly string[]) {
    const { orderId } = subject;
    const ends = endings(orderId);
    const what = `approval of order ${orderId}`;
    if (!ends.includes(status)) yield `${what} is ${status}, not ${ends.join(' or ')}`;
    const isKnown = (['confirm', 'cancel', 'reject'] as const).some((kind) =>
      requested[kind].has(orderId),
    );
    if (confirmed !== isKnown) yield `${what} is ${confirmed ? '' : 'not '}confirmed`;
    const expectedSubject = confirmed ? subjectOf(orderId) : requestFor(orderId);
    if (JSON.stringify(subject) !== JSON.stringify(expectedSubject)) {
      yield `${what} is for ${JSON.stringify(subject)}`;
    }
    const settled = status === 'CANCELLED' ? 'CancelRequested' : 'ApprovalRejected';
    const expected = [
      ...(types[0] === 'ApprovalObtained' || (confirmed && status === 'APPROVED')
        ? ['ApprovalObtained']
        : []),
      ...(status === 'APPROVED' ? [] : [settled]),
    ];
    if (`${types}` !== `${expected}`) yield `${what} published ${types}, not ${expected}`;
    if (types.includes('ApprovalObtained') && !(approved && requested.confirm.has(orderId))) {
      yield `${what} published ApprovalObtained without Ordered`;
    }
    const { ids, created } = answered.get(orderId) ?? { ids: new Set([id]), created: 0 };
    if (ids.size !== 1 || !ids.has(id)) yield `${what} is ${id}, but the answers say ${[...ids]}`;
    if (created > 1) yield `${what} was answered as new ${created} times`;
  }

  const differences = async (): Promise<string[]> => {
    const rows: Row[] = await database.query(
      `SELECT id, order_id AS "orderId", equipment_id AS "equipmentId", qty, status,
              approved_at IS NOT NULL AS approved, confirmed_at IS NOT NULL AS confirmed
         FROM approvals`,
    );
    const events: { key: number; type: string }[] = await database.query(
      `SELECT key, split_part(type, '.', 2) AS type FROM outbox ORDER BY id`,
    );
    const wanted = new Set(Object.values(requested).flatMap((orders) => [...orders]));
    const found = rows.flatMap((row) => {
      const types = events.filter(({ key }) => key === row.orderId).map(({ type }) => type);
      return [...differ(row, types)];
    });
    if (rows.length === wanted.size) return found;
    return [...found, `${rows.length} approvals for ${wanted.size} orders`];
  };

  it('gives each order one approval, confirms it once and ends it once', () =>
    checkAgainstModel(command, { reset, run, differences }));
});
