import type { EventData, EventType } from '@equipmgnt/contracts';
import { isTransient } from '@equipmgnt/database';
import { createService } from '@equipmgnt/http';
import { readConfig } from '@equipmgnt/runtime';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import fc from 'fast-check';
import request from 'supertest';
import { DataSource } from 'typeorm';
import { freshDatabases, testProcessEnv, received } from '@equipmgnt/testing/jest';
import type { RegisteredEquipment, RentalEvent, RentalFact } from './domain/rental.ts';
import { RENTAL_SORTS, Rentals } from './application/rentals.ts';
import { ViewConsumer } from './inbound/events/view.consumer.ts';
import { misConfig } from './mis.config.ts';
import { MisModule } from './mis.module.ts';
import { sortColumn } from './outbound/mariadb/rental.rows.ts';

describe('The view', () => {
  let databases: Awaited<ReturnType<typeof freshDatabases>>;
  let app: NestFastifyApplication;
  let url: string;
  let lastOrder = 0;

  const start = async () => {
    const config = readConfig(misConfig, {
      ...testProcessEnv,
      DATABASE_URL: databases.urls.mis,
      KAFKA_BROKERS: '127.0.0.1:1', // no broker: the tests call the consumer
      CONNECTION_DRAIN_MS: '0',
    });
    const module = MisModule.with(config);
    const started = await createService({ name: 'mis', config, module, isTransient });
    await started.listen(0, '127.0.0.1');
    return started;
  };

  beforeAll(async () => {
    databases = await freshDatabases();
    app = await start();
    url = await app.getUrl();
  });

  afterAll(async () => {
    await app.close();
    await databases.drop();
  });

  const base = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
  const event = (orderId: number, name: string, seconds = 0) => {
    const reason = name.endsWith('Rejected') && {
      reason: name === 'OrderRejected' ? 'APPROVAL_MISMATCH' : 'OUT_OF_STOCK',
    };
    const data = { orderId, approvalId: 7, equipmentId: 3, qty: 2, stock: 8, ...reason };
    const type = `equipmgnt.${name}.v1` as EventType;
    const time = new Date(base + seconds * 1_000);
    return { ...received(type, data as EventData<EventType>), type: type as RentalEvent, time };
  };
  type Event = ReturnType<typeof event>;
  const deliver = (...events: Event[]) => app.get(ViewConsumer).project(events as never);
  const get = (path: string | number) => request(url).get(`/mis/${path}`);

  it('repeats a migration that stopped between two tables', async () => {
    const database = app.get(DataSource);
    await database.query('DROP TABLE equipments');
    await database.query('DELETE FROM migrations');
    const other = await start();
    await other.close();
    await expect(database.query('SELECT * FROM equipments')).resolves.toEqual([]);
  });

  it('shows an order with its whole history', async () => {
    const id = ++lastOrder;
    await deliver(event(id, 'Ordered', 0));
    await deliver(event(id, 'ApprovalObtained', 1));
    await deliver(event(id, 'StockDecreased', 2));
    const { body } = await get(id).expect(200);
    expect(body).toEqual({
      id,
      equipmentId: 3,
      qty: 2,
      status: 'APPROVED',
      approvalId: 7,
      timeline: [
        { event: 'Ordered', at: '2026-01-02T03:04:05.678Z' },
        { event: 'ApprovalObtained', at: '2026-01-02T03:04:06.678Z' },
        { event: 'StockDecreased', at: '2026-01-02T03:04:07.678Z' },
      ],
      _links: {
        self: { href: `${url}/mis/${id}` },
        mis: { href: `${url}/mis/${id}` },
        order: { href: `${url}/orders/${id}` },
        equipment: { href: `${url}/equipments/3` },
        approval: { href: `${url}/approvals/7` },
      },
    });
  });

  it.each<[string, string[], string | undefined]>([
    ['ORDERED', ['Ordered'], undefined],
    ['APPROVED', ['Ordered', 'ApprovalObtained', 'StockDecreased'], undefined],
    ['APPROVED', ['Ordered', 'ApprovalObtained', 'StockRejected'], undefined],
    [
      'REJECTED',
      ['Ordered', 'ApprovalObtained', 'StockRejected', 'ApprovalRejected'],
      'OUT_OF_STOCK',
    ],
    [
      'REJECTED',
      ['Ordered', 'ApprovalObtained', 'OrderRejected', 'CancelRequested'],
      'APPROVAL_MISMATCH',
    ],
    ['REJECTED', ['Ordered', 'OrderRejected', 'ApprovalRejected'], 'APPROVAL_MISMATCH'],
    ['CANCELLED', ['Ordered', 'OrderCancelled', 'CancelRequested'], undefined],
    ['CANCELLED', ['Ordered', 'ApprovalObtained', 'OrderCancelled', 'CancelRequested'], undefined],
    ['CANCELLED', ['Ordered', 'ApprovalObtained', 'OrderCancelled', 'StockRejected'], undefined],
    ['CANCELLED', ['Ordered', 'OrderCancelled', 'ApprovalObtained', 'ApprovalRejected'], undefined],
  ])(
    'is %s after %j, in any order of delivery and with duplicates',
    async (status, names, reason) => {
      const orders = fc.sample(
        fc.shuffledSubarray([...names, ...names], { minLength: names.length }),
        8,
      );
      for (const order of orders) {
        const id = ++lastOrder;
        const missing = names.filter((name) => !order.includes(name));
        for (const name of [...order, ...missing])
          await deliver(event(id, name, names.indexOf(name)));
        const { body } = await get(id).expect(200);
        expect([body.status, body.reason]).toEqual([status, reason]);
        expect(body.timeline.map(({ event: name }: { event: string }) => name)).toEqual(names);
      }
    },
  );

  it('shows causes before effects, with the times as published, when clocks are wrong', async () => {
    const id = ++lastOrder;
    const anHour = 3_600;
    const times: [string, number][] = [
      ['Ordered', 0],
      ['ApprovalObtained', 1 - anHour],
      ['StockDecreased', 2],
      ['OrderCancelled', 3],
      ['CancelRequested', 4 - anHour],
      ['StockIncreased', 5],
    ];
    await deliver(...times.toReversed().map(([name, seconds]) => event(id, name, seconds)));
    const { body } = await get(id).expect(200);
    expect(body.timeline).toEqual(
      times.map(([name, s]) => ({ event: name, at: new Date(base + s * 1_000).toISOString() })),
    );
  });

  it('keeps the first of two events of one type', async () => {
    const id = ++lastOrder;
    await deliver(event(id, 'Ordered', 0), event(id, 'Ordered', 9));
    await deliver(event(id, 'Ordered', 5));
    const { body } = await get(id);
    expect(body.timeline).toEqual([{ event: 'Ordered', at: new Date(base).toISOString() }]);
  });

  it('stores and shows every field of Ordered', async () => {
    const ordered: Required<EventData<'equipmgnt.Ordered.v1'>> = {
      orderId: ++lastOrder,
      equipmentId: 5,
      qty: 4,
      requester: { id: 'employee-1', name: '이사원' },
    };
    await app.get(ViewConsumer).project([received('equipmgnt.Ordered.v1', ordered)]);
    const { orderId: id, ...details } = ordered;
    const { body } = await get(id).expect(200);
    expect(body).toMatchObject({ id, ...details });
  });

  it('stores every field of registered equipment', async () => {
    const equipment: Required<RegisteredEquipment> = {
      id: 44,
      name: '\u{1F468}\u200D\u{1F469}\u200D\u{1F467}\u200D\u{1F466}'.repeat(200),
      category: 'hand tools',
      region: '부산',
    };
    const { id: equipmentId, ...details } = equipment;
    await app
      .get(ViewConsumer)
      .projectEquipment([
        received('equipmgnt.EquipmentRegistered.v1', { equipmentId, stock: 1, ...details }),
      ]);
    const rows = await app.get(DataSource).query('SELECT * FROM equipments WHERE id = 44');
    expect(rows).toEqual([equipment]);
  });

  it('answers 404 for an order of which only the approval is known', async () => {
    const id = ++lastOrder;
    await deliver(event(id, 'ApprovalObtained'));
    const { body, headers } = await get(id).expect(404);
    expect(body).toMatchObject({ type: 'urn:equipmgnt:problem:order-not-in-view-yet', behind: 1 });
    expect(Number(headers['retry-after'])).toBeGreaterThan(0);
    await deliver(event(id, 'Ordered'));
    await get(id).expect(200);
  });

  it('distinguishes an order that is not in the view yet from one that does not exist', async () => {
    const [gap, next, last] = [++lastOrder, ++lastOrder, ++lastOrder];
    const missing = async (id: number) => {
      const { body, headers } = await get(id).expect(404);
      return [body.type.split(':').at(-1), body.behind, 'retry-after' in headers];
    };
    await deliver(event(next, 'Ordered', 100));
    expect(await missing(gap)).toEqual(['order-not-in-view-yet', 1, true]);
    expect(await missing(next + 3)).toEqual(['order-not-in-view-yet', 3, true]);
    await deliver(event(last, 'Ordered', 161));
    expect(await missing(gap)).toEqual(['no-such-order', undefined, false]);
    await deliver({ ...event(++lastOrder, 'Ordered'), time: new Date() });
    expect(await missing(Number.MAX_SAFE_INTEGER)).toEqual(['no-such-order', undefined, false]);
    expect(await missing(lastOrder + 1)).toEqual(['order-not-in-view-yet', 1, true]);
  });

  it('shows the name of the equipment', async () => {
    const id = ++lastOrder;
    await deliver(event(id, 'Ordered'));
    const registered = { equipmentId: 3, stock: 10, name: '전동 드릴', region: 'Seoul' };
    await app
      .get(ViewConsumer)
      .projectEquipment([received('equipmgnt.EquipmentRegistered.v1', registered)]);
    await get(id).expect(({ body }) => expect(body.equipmentName).toBe('전동 드릴'));
  });

  it('stores the events of many orders from concurrent consumers', async () => {
    const ids = Array.from({ length: 200 }, () => ++lastOrder);
    await Promise.all(
      ['Ordered', 'ApprovalObtained', 'StockDecreased', 'OrderCancelled'].map((name, i) =>
        deliver(...(i % 2 ? ids : ids.toReversed()).map((id) => event(id, name))),
      ),
    );
    const { body } = await request(url).get('/mis?size=1000&status=CANCELLED');
    const shown = new Set(body._embedded.mis.map(({ id }: { id: number }) => id));
    expect(ids.filter((id) => !shown.has(id))).toEqual([]);
  });

  it('stores batches of several partitions together, and one that cannot be stored fails alone', async () => {
    const rentals = app.get(Rentals);
    const ordered = (orderId: number, qty: number): RentalFact => ({
      event: 'equipmgnt.Ordered.v1',
      orderId,
      at: new Date(),
      equipmentId: 1,
      qty,
    });
    const batches = Array.from({ length: 12 }, (_, i) =>
      ordered(++lastOrder, i === 7 ? Number.MAX_SAFE_INTEGER : 1),
    );
    const results = await Promise.allSettled(batches.map((fact) => rentals.project([fact])));
    const failed = results.flatMap(({ status }, i) => (status === 'rejected' ? [i] : []));
    expect(failed).toEqual([7]);
    const stored = await Promise.all(batches.map(({ orderId }) => rentals.find(orderId)));
    expect(stored.map((rental) => rental?.qty)).toEqual(
      batches.map(({ qty }, i) => (i === 7 ? undefined : qty)),
    );
  });

  it('filters by status and equipment, sorts and pages', async () => {
    const ids = [++lastOrder, ++lastOrder, ++lastOrder];
    for (const id of ids) {
      const ordered = event(id, 'Ordered');
      await deliver({ ...ordered, data: { ...ordered.data, equipmentId: 77 } });
    }
    await deliver(event(ids[0] as number, 'OrderCancelled'));
    const { body } = await request(url).get(
      '/mis?equipmentId=77&status=ORDERED&sort=id,desc&size=1',
    );
    expect(body._embedded.mis).toMatchObject([{ id: ids[2], equipmentId: 77, status: 'ORDERED' }]);
    expect(body.page).toEqual({ size: 1, totalElements: 2, totalPages: 2, number: 0 });
    expect(body._links.next.href).toContain('equipmentId=77&status=ORDERED');
  });

  it('sorts a list by an index', async () => {
    const database = app.get(DataSource);
    await database.query(
      `INSERT IGNORE INTO mis (order_id, equipment_id, qty, ordered_at)
       SELECT seq, seq % 100 + 1, 1, now() FROM seq_1000001_to_1012000`,
    );
    await database.query('ANALYZE TABLE mis');
    const sorted = async (property: string): Promise<string> => {
      const column = sortColumn(property);
      const [{ Extra }] = await database.query(
        `EXPLAIN SELECT * FROM mis WHERE ordered_at IS NOT NULL ORDER BY ${column}, order_id LIMIT 20`,
      );
      return Extra;
    };
    for (const property of RENTAL_SORTS) expect(await sorted(property)).not.toContain('filesort');
    expect(await sorted('qty')).toContain('filesort');
  });

  it.each(['id', 'id,desc', 'status', 'status,desc', 'equipmentId', 'equipmentId,desc'])(
    'has links through all pages, however deep: sort=%s',
    async (sort) => {
      const ids = new Set<number>();
      let total = 0;
      let next: string | undefined = `${url}/mis?size=1000&sort=${sort}`;
      for (; next !== undefined; total += 1_000) {
        const { body }: { body: any } = await request(next).get('').expect(200);
        for (const { id } of body._embedded.mis) ids.add(id);
        next = body._links.next?.href;
        if (next === undefined) total += body._embedded.mis.length - 1_000;
      }
      const { body } = await request(url).get('/mis');
      expect(body.page.totalElements).toBeGreaterThan(12_000);
      expect([total, ids.size]).toEqual([body.page.totalElements, body.page.totalElements]);
    },
  );

  it.each([
    ['get', '/mis?status=LOST', 400],
    ['get', '/mis?sort=qty', 400],
    ['get', '/mis?equipmentId=x', 400],
    ['get', '/mis?colour=blue', 400],
    ['get', '/mis/abc', 400],
    ['post', '/mis', 405],
    ['delete', '/mis/1', 405],
  ] as const)('answers %s %s with a problem', async (method, path, status) => {
    const { body } = await request(url)[method](path).expect(status);
    expect(body).toMatchObject({ status, instance: path.split('?')[0] });
  });
});
