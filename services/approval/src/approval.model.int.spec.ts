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
import { ObtainApprovals } from './application/obtain-approvals.ts';
import { SettleApprovals } from './application/settle-approvals.ts';
import { approvalConfig } from './approval.config.ts';
import { ApprovalModule } from './approval.module.ts';
import type { Subject } from './domain/approval.ts';

interface Command {
  readonly kind: 'obtain' | 'cancel' | 'reject';
  readonly orders: readonly number[];
}

const command: fc.Arbitrary<Command> = fc.record({
  kind: fc.constantFrom('obtain', 'obtain', 'cancel', 'reject'),
  orders: fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 6 }),
});

const subjectOf = (orderId: number): Subject => ({
  orderId,
  equipmentId: 1 + (orderId % 3),
  qty: 1 + (orderId % 2),
});

interface Row extends Subject {
  readonly id: number;
  readonly status: string;
  readonly approved: boolean;
}

describe(`Approval with ${CONCURRENCY} callers and consumers at once`, () => {
  let databases: Awaited<ReturnType<typeof freshDatabases>>;
  let app: NestFastifyApplication;
  let database: DataSource;
  /** Orders by what was asked for them. */
  const asked = { obtain: new Set<number>(), cancel: new Set<number>(), reject: new Set<number>() };
  /** What was answered to those who asked for approvals: ids, and how often it was a new one. */
  const answered = new Map<number, { ids: Set<number | undefined>; created: number }>();

  beforeAll(async () => {
    databases = await freshDatabases();
    const config = readConfig(approvalConfig, {
      ...testProcessEnv,
      DATABASE_URL: databases.urls.approval,
      DATABASE_POOL_SIZE: String(CONCURRENCY),
      KAFKA_BROKERS: '127.0.0.1:1', // nobody: what is published stays in the outbox
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
    for (const orders of Object.values(asked)) orders.clear();
    answered.clear();
  };

  const run = async ({ kind, orders }: Command): Promise<void> => {
    for (const id of orders) asked[kind].add(id);
    const subjects = orders.map(subjectOf);
    if (kind === 'cancel') return retryTransient(() => app.get(SettleApprovals).cancel(subjects));
    if (kind === 'reject') {
      const rejections = subjects.map((each) => ({ ...each, reason: 'OUT_OF_STOCK' }));
      return retryTransient(() => app.get(SettleApprovals).reject(rejections));
    }
    await retryTransient(() => obtain(subjects));
  };

  const obtain = async (subjects: readonly Subject[]): Promise<void> => {
    for (const { approval, created } of await app.get(ObtainApprovals).execute(subjects)) {
      const { orderId } = approval.subject;
      const before = answered.get(orderId) ?? { ids: new Set(), created: 0 };
      before.ids.add(approval.id);
      answered.set(orderId, { ids: before.ids, created: before.created + (created ? 1 : 0) });
    }
  };

  /** How an order's approval may end. */
  const endings = (orderId: number): string[] => {
    const settled = [
      ...(asked.cancel.has(orderId) ? ['CANCELLED'] : []),
      ...(asked.reject.has(orderId) ? ['REJECTED'] : []),
    ];
    return settled.length > 0 ? settled : ['APPROVED'];
  };

  function* differ({ id, status, approved, ...subject }: Row, told: readonly string[]) {
    const { orderId } = subject;
    const ends = endings(orderId);
    const what = `approval of order ${orderId}`;
    if (!ends.includes(status)) yield `${what} is ${status}, not ${ends.join(' or ')}`;
    if (JSON.stringify(subject) !== JSON.stringify(subjectOf(orderId))) {
      yield `${what} is for ${JSON.stringify(subject)}`;
    }
    if (!approved && !asked.cancel.has(orderId) && !asked.reject.has(orderId)) {
      yield `${what} was never given`;
    }
    const expected = [
      ...(approved ? ['ApprovalObtained'] : []),
      ...(status === 'CANCELLED' ? ['CancelRequested'] : []),
      ...(status === 'REJECTED' ? ['ApprovalRejected'] : []),
    ];
    if (`${told}` !== `${expected}`) yield `${what} told ${told}, not ${expected}`;
    const { ids, created } = answered.get(orderId) ?? { ids: new Set([id]), created: 0 };
    if (ids.size !== 1 || !ids.has(id)) yield `${what} is ${id}, but was answered as ${[...ids]}`;
    if (created !== (approved ? 1 : 0)) yield `${what} was answered as new ${created} times`;
  }

  const differences = async (): Promise<string[]> => {
    const rows: Row[] = await database.query(
      `SELECT id, order_id AS "orderId", equipment_id AS "equipmentId", qty, status,
              approved_at IS NOT NULL AS approved
         FROM approvals`,
    );
    const events: { key: number; type: string }[] = await database.query(
      `SELECT key, split_part(type, '.', 2) AS type FROM outbox ORDER BY id`,
    );
    const wanted = new Set(Object.values(asked).flatMap((orders) => [...orders]));
    const found = rows.flatMap((row) => {
      const told = events.filter(({ key }) => key === row.orderId).map(({ type }) => type);
      return [...differ(row, told)];
    });
    if (rows.length === wanted.size) return found;
    return [...found, `${rows.length} approvals for ${wanted.size} orders`];
  };

  it('gives each order one approval, and settles it once', () =>
    checkAgainstModel(command, { reset, run, differences }));
});
