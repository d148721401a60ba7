import { isTransient } from '@equipmgnt/database';
import { createService } from '@equipmgnt/http';
import { readConfig } from '@equipmgnt/runtime';
import { freshDatabases, testProcessEnv } from '@equipmgnt/testing/jest';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DataSource } from 'typeorm';
import { Rentals, type RentalFilter } from '../../application/rentals.ts';
import { rentalStatuses, type RentalFact } from '../../domain/rental.ts';
import { misConfig } from '../../mis.config.ts';
import { MisModule } from '../../mis.module.ts';
import { CountRentals, totalOf } from './rental-counts.ts';

const EQUIPMENTS = [1, 2];
const at = new Date('2026-01-02T03:04:05.678Z');

describe('The total of a list of the view', () => {
  let databases: Awaited<ReturnType<typeof freshDatabases>>;
  let app: NestFastifyApplication;
  let database: DataSource;
  let rentals: Rentals;

  beforeAll(async () => {
    databases = await freshDatabases();
    const config = readConfig(misConfig, {
      ...testProcessEnv,
      DATABASE_URL: databases.urls.mis,
      KAFKA_BROKERS: '127.0.0.1:1', // no broker: the tests call the view
    });
    app = await createService({
      name: 'mis',
      config,
      module: MisModule.with(config),
      isTransient,
    });
    await app.init();
    database = app.get(DataSource);
    rentals = app.get(Rentals);
  });

  afterAll(async () => {
    await app.close();
    await databases.drop();
  });

  beforeEach(async () => {
    await database.query('TRUNCATE mis');
    await database.query('TRUNCATE rental_counts');
  });

  const ordered = (orderId: number): RentalFact => ({
    event: 'equipmgnt.Ordered.v1',
    orderId,
    at,
    equipmentId: orderId % 2 === 0 ? 2 : 1,
    qty: 1,
  });
  const fact = (event: string, orderId: number) =>
    ({ event: `equipmgnt.${event}.v1`, orderId, at }) as RentalFact;
  const count = () => app.get(CountRentals).run(new AbortController().signal);
  const hasUncounted = async (): Promise<boolean> =>
    (await database.query('SELECT 1 FROM mis WHERE uncounted = TRUE LIMIT 1')).length > 0;
  /** The job of the service may be counting some of them at the same time. */
  const countAll = async () => {
    while (await hasUncounted()) await count();
  };

  /** The totals of all filters, from the counts and by counting the rows. */
  async function totals() {
    const filters: RentalFilter[] = [undefined, ...rentalStatuses].flatMap((status) =>
      [undefined, ...EQUIPMENTS].map((equipmentId) => ({ status, equipmentId })),
    );
    const both = await Promise.all(
      filters.map(async ({ status, equipmentId }) => {
        const name = `${status ?? 'any status'}, equipment ${equipmentId ?? 'any'}`;
        const { sql, values } = totalOf({ status, equipmentId });
        const [row] = await database.query(
          `${sql}, (SELECT count(*) FROM mis WHERE ordered_at IS NOT NULL
                       AND status = coalesce(?, status)
                       AND equipment_id = coalesce(?, equipment_id)) AS counted_rows`,
          [...values, status ?? null, equipmentId ?? null],
        );
        return { name, total: Number(row.total), rows: Number(row.counted_rows) };
      }),
    );
    return {
      fromCounts: both.map(({ name, total }) => `${name}: ${total}`),
      fromRows: both.map(({ name, rows }) => `${name}: ${rows}`),
    };
  }

  async function expectExact(): Promise<void> {
    const { fromCounts, fromRows } = await totals();
    expect(fromCounts).toEqual(fromRows);
  }

  it('is exact before orders are counted, after it, and after their status changes', async () => {
    await rentals.project([1, 2, 3, 4, 5].map(ordered));
    await expectExact();
    await countAll();
    await expectExact();

    await rentals.project([fact('ApprovalObtained', 1), fact('ApprovalObtained', 2)]);
    await rentals.project([fact('OrderCancelled', 2), ordered(6)]);
    await expectExact();
    await countAll();
    await expectExact();
    expect((await totals()).fromCounts).toContain('APPROVED, equipment any: 1');
  });

  it('does not include an order of which only a later event has arrived', async () => {
    await rentals.project([fact('StockDecreased', 7), fact('OrderCancelled', 8)]);
    await countAll();
    await expectExact();
    expect((await totals()).fromCounts).toContain('any status, equipment any: 0');
    await rentals.project([ordered(8)]);
    await expectExact();
    await countAll();
    expect((await totals()).fromCounts).toContain('CANCELLED, equipment any: 1');
  });

  it('counts more orders than one transaction does', async () => {
    await rentals.project(Array.from({ length: 2_500 }, (_, id) => ordered(id + 1)));
    await countAll();
    await expectExact();
  });

  it('is exact at any time while replicas write and count at the same time', async () => {
    const events = ['ApprovalObtained', 'OrderCancelled', 'ApprovalRejected', 'StockDecreased'];
    const writers = Array.from({ length: 60 }, async (_, round) => {
      const ids = Array.from({ length: 10 }, (__, each) => ((round * 7 + each * 13) % 97) + 1);
      await rentals.project(ids.map(ordered));
      await rentals.project(ids.map((id) => fact(events[(round + id) % events.length] ?? '', id)));
    });
    let writing = true;
    const repeat = async (step: () => Promise<void>) => {
      while (writing) await step();
    };
    const others = [repeat(count), repeat(count), repeat(expectExact)];
    await Promise.all(writers);
    writing = false;
    await Promise.all(others);
    await countAll();
    await expectExact();
  });

  it('reads only the counts, and the orders that are not counted', async () => {
    await rentals.project(Array.from({ length: 2_500 }, (_, id) => ordered(id + 1)));
    await countAll();
    await database.query('ANALYZE TABLE mis');
    const { sql, values } = totalOf({ status: 'APPROVED' });
    const plan = await database.query(`EXPLAIN ${sql}`, values);
    expect(plan).toContainEqual(expect.objectContaining({ table: 'mis', key: 'mis_uncounted' }));
  });
});
