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
import { MoveStock } from './application/move-stock.ts';
import { RegisterEquipment } from './application/register-equipment.ts';
import type { LedgerEntry, StockRequest } from './domain/stock-ledger.ts';
import { equipmentConfig } from './equipment.config.ts';
import { EquipmentModule } from './equipment.module.ts';

type Command =
  | { readonly kind: 'register'; readonly stock: number }
  | { readonly kind: 'handOut' | 'takeBack'; readonly orders: readonly number[] };

const orders = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 6 });
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('register'), stock: fc.nat(8) }) },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('handOut'), orders }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('takeBack'), orders }) },
);

/** The request of an order: it is for one of four kinds of equipment, which may not exist yet. */
const requestOf = (orderId: number): StockRequest => ({
  orderId,
  approvalId: orderId,
  equipmentId: 1 + (orderId % 4),
  qty: 1 + (orderId % 3),
});

interface Published {
  readonly type: string;
  readonly data: {
    orderId: number;
    equipmentId: number;
    qty: number;
    stock: number;
    reason: string;
  };
}

describe(`Equipment with ${CONCURRENCY} concurrent consumers`, () => {
  let databases: Awaited<ReturnType<typeof freshDatabases>>;
  let app: NestFastifyApplication;
  let database: DataSource;
  const requested = { OUT: new Set<number>(), IN: new Set<number>() };

  beforeAll(async () => {
    databases = await freshDatabases();
    const config = readConfig(equipmentConfig, {
      ...testProcessEnv,
      DATABASE_URL: databases.urls.equipment,
      DATABASE_POOL_SIZE: String(CONCURRENCY),
      KAFKA_BROKERS: '127.0.0.1:1', // no broker, so that events stay in the outbox
    });
    const module = EquipmentModule.with(config);
    app = await createService({ name: 'equipment', config, module, isTransient });
    database = app.get(DataSource);
  });

  afterAll(async () => {
    await app.close();
    await databases.drop();
  });

  const reset = async () => {
    await database.query('TRUNCATE equipments, stock_ledger, outbox RESTART IDENTITY');
    requested.OUT.clear();
    requested.IN.clear();
    for (const stock of [5, 12]) await app.get(RegisterEquipment).execute({ stock });
  };

  const run = async (next: Command): Promise<void> => {
    if (next.kind === 'register') {
      await app.get(RegisterEquipment).execute({ stock: next.stock });
      return;
    }
    for (const id of next.orders) requested[next.kind === 'handOut' ? 'OUT' : 'IN'].add(id);
    await retryTransient(() => app.get(MoveStock)[next.kind](next.orders.map(requestOf)));
  };

  /** Applies the published events one after another to a model of the stock: one number each. */
  function* stockDiffers(published: readonly Published[], stored: ReadonlyMap<number, number>) {
    const stock = new Map<number, number>();
    for (const { type, data } of published) {
      const { equipmentId: id, orderId, qty } = data;
      const before = stock.get(id);
      const after = (before ?? NaN) + (type === 'StockDecreased' ? -qty : qty);
      if (type === 'EquipmentRegistered') stock.set(id, data.stock);
      else if (type !== 'StockRejected') {
        stock.set(id, after);
        if (after !== data.stock || after < 0) {
          yield `${type} of order ${orderId}: equipment ${id} has ${data.stock} left, not ${after}`;
        }
      } else if (data.reason === 'OUT_OF_STOCK' && !(before !== undefined && before < qty)) {
        yield `order ${orderId} was refused ${qty} of equipment ${id}, of which ${before} were left`;
      }
    }
    for (const [id, units] of stock) {
      if (stored.get(id) !== units) yield `equipment ${id} has ${stored.get(id)}, not ${units}`;
    }
    if (stored.size !== stock.size) yield `${stored.size} equipments, ${stock.size} were published`;
  }

  /** Expects one entry for each requested order and direction, and the events that belong to it. */
  function* ledgerDiffers(entries: readonly LedgerEntry[], published: readonly Published[]) {
    const outcomes = new Map(
      entries.map((entry) => [`${entry.orderId} ${entry.direction}`, entry.outcome]),
    );
    const all = new Set([...requested.OUT, ...requested.IN]);
    const wanted = [
      // a cancellation that comes first writes both
      ...[...all].map((id) => `${id} OUT`),
      ...[...requested.IN].map((id) => `${id} IN`),
    ];
    if (entries.length !== wanted.length)
      yield `${entries.length} entries for ${wanted.length} movements`;
    for (const entry of wanted) if (!outcomes.has(entry)) yield `the ledger has no entry ${entry}`;
    for (const id of all) {
      const [out, back] = [outcomes.get(`${id} OUT`), outcomes.get(`${id} IN`)];
      if (back !== undefined && (out === 'TAKEN') !== (back === 'RETURNED')) {
        yield `order ${id} is ${out} but ${back}`;
      }
      if (out === 'VOID' && back === undefined) yield `order ${id} is VOID without cancellation`;
      const expected = [
        ...(out === 'TAKEN' ? ['StockDecreased'] : []),
        ...(out === 'REFUSED' ? ['StockRejected'] : []),
        ...(back === 'RETURNED' ? ['StockIncreased'] : []),
      ];
      const types = published.filter(({ data }) => data.orderId === id).map(({ type }) => type);
      if (`${types}` !== `${expected}`) yield `order ${id} published ${types}, not ${expected}`;
    }
  }

  const differences = async (): Promise<string[]> => {
    const published: Published[] = await database.query(
      `SELECT split_part(type, '.', 2) AS type, data FROM outbox ORDER BY id`,
    );
    const entries: LedgerEntry[] = await database.query(
      `SELECT order_id AS "orderId", direction, outcome FROM stock_ledger`,
    );
    const rows: { id: number; stock: number }[] = await database.query(
      'SELECT id, stock FROM equipments',
    );
    const stored = new Map(rows.map(({ id, stock }) => [id, stock]));
    return [...stockDiffers(published, stored), ...ledgerDiffers(entries, published)];
  };

  it('has the same result as one consumer', () =>
    checkAgainstModel(command, { reset, run, differences }));
});
