import { createRequire } from 'node:module';
import { deadLetterTopic, topics } from '@equipmgnt/contracts';
import { Kafka, logLevel, type Consumer } from 'kafkajs';
import { DataSource } from 'typeorm';
import { MetricsRegistry } from '@equipmgnt/runtime';
import { freshDatabases, kafkaBrokers, eventually } from '@equipmgnt/testing/jest';
import { Topics } from '../topics.ts';
import { outboxMigrations } from './outbox.migration.ts';
import { eventRows, eventsParameter, INTO_OUTBOX, type RecordedFact } from './outbox.ts';
import { Publisher } from './publisher.ts';
import { OutboxRelay } from './relay.ts';

const WRITE = `${INTO_OUTBOX}
  SELECT e.type, e.key, e.data, e.occurred_at, e.traceparent FROM ${eventRows('$1')} ORDER BY e.seq`;

// parts of kafkajs that have no type declarations
const require = createRequire(import.meta.url);
const { prototype: broker } = require('kafkajs/src/broker');
const { prototype: cluster } = require('kafkajs/src/cluster');
const { createErrorFromCode } = require('kafkajs/src/protocol/error');
const NOT_LEADER_OR_FOLLOWER = 6;

/** Longer than any test may take. */
const NEVER_MS = 3_600_000;

describe('The outbox relay', () => {
  let databases: Awaited<ReturnType<typeof freshDatabases>>;
  let database: DataSource;
  let kafka: Kafka;
  let reader: Consumer;
  /** Every message of this file on the topic of orders, in order: key, quantity, event id. */
  const read: { key: string; qty: number; id: string }[] = [];
  const running: OutboxRelay[] = [];
  // far from the ids that other test files use on the same topic
  const firstKey = 1_000_000 + Math.floor(Math.random() * 1e9);
  let lastKey = firstKey;

  beforeAll(async () => {
    databases = await freshDatabases();
    database = await new DataSource({
      type: 'postgres',
      url: databases.urls.order,
      migrations: outboxMigrations(topics.order),
      migrationsRun: true,
    }).initialize();
    kafka = new Kafka({ brokers: [kafkaBrokers()], logLevel: logLevel.NOTHING });
    await new Topics(kafka, Object.values(topics), 3).ensure();
    reader = kafka.consumer({ groupId: `relay-test-${process.pid}-${Date.now()}` });
    await reader.connect();
    await reader.subscribe({ topic: topics.order, fromBeginning: true });
    await reader.run({
      eachMessage: async ({ message: { key, value, headers } }) => {
        if (Number(key) <= firstKey || Number(key) > lastKey) return; // another test file's
        const { qty } = JSON.parse(String(value));
        read.push({ key: String(key), qty, id: String(headers?.['ce_id']) });
      },
    });
  });

  afterEach(async () => {
    await Promise.all(running.splice(0).map((relay) => relay.stop()));
    await database.query('DELETE FROM outbox');
  });

  afterAll(async () => {
    await reader.disconnect();
    await database.destroy();
    await databases.drop();
  });

  const newPublisher = () => new Publisher(kafka, async () => undefined);
  const startRelay = (
    publisher = newPublisher(),
    source = database,
    pollMs?: number,
    metrics = new MetricsRegistry(),
  ): OutboxRelay => {
    const relay = new OutboxRelay({
      database: source,
      source: '/order',
      publisher,
      metrics,
      ...(pollMs !== undefined && { pollMs }),
    });
    running.push(relay);
    relay.start();
    return relay;
  };
  const ordered = (key: number, qty: number): RecordedFact => ({
    type: 'equipmgnt.Ordered.v1',
    data: { orderId: key, equipmentId: 1, qty },
    at: new Date(),
  });
  const write = (facts: RecordedFact[], manager = database.manager) =>
    manager.query(WRITE, [eventsParameter(facts)]);
  const of = (key: number) => read.filter((message) => message.key === String(key));
  const quantities = (key: number) => of(key).map(({ qty }) => qty);
  const remaining = async (): Promise<number> =>
    (await database.query('SELECT count(*)::int AS n FROM outbox'))[0].n;
  const emptied = () => eventually(async () => (await remaining()) === 0);

  it('publishes committed events in order and removes them', async () => {
    const key = ++lastKey;
    await write([1, 2, 3].map((qty) => ordered(key, qty)));
    await write([ordered(key, 4)]);
    startRelay();
    await eventually(() => of(key).length === 4);
    expect(quantities(key)).toEqual([1, 2, 3, 4]);
    await emptied();
  });

  /** A relay that has emptied the outbox, and polls again after `pollMs`. */
  const idleRelay = async (pollMs?: number): Promise<OutboxRelay> => {
    const relay = startRelay(newPublisher(), database, pollMs);
    await write([ordered(++lastKey, 1)]);
    relay.nudge();
    await emptied();
    return relay;
  };

  it('publishes when nudged, without waiting for its next poll', async () => {
    const relay = await idleRelay(NEVER_MS);
    const key = ++lastKey;
    await write([ordered(key, 1)]);
    relay.nudge();
    await eventually(() => of(key).length === 1);
  });

  it('polls without a nudge, which finds rows of a replica that died', async () => {
    await idleRelay();
    const key = ++lastKey;
    await write([ordered(key, 1)]);
    await eventually(() => of(key).length === 1);
  });

  it('publishes rows from before its start, as after a crash between commit and publishing', async () => {
    const key = ++lastKey;
    await write([ordered(key, 1)]);
    startRelay();
    await eventually(() => of(key).length === 1);
  });

  it('does not publish events that were rolled back', async () => {
    const [key, next] = [++lastKey, ++lastKey];
    const rolledBack = database.transaction(async (manager) => {
      await write([ordered(key, 1)], manager);
      throw new Error('rolled back');
    });
    await expect(rolledBack).rejects.toThrow('rolled back');
    startRelay();
    await write([ordered(next, 1)]);
    await eventually(() => of(next).length === 1);
    expect(of(key)).toEqual([]);
  });

  it('publishes a row that commits after a row with a higher id', async () => {
    const [early, late] = [++lastKey, ++lastKey];
    const relay = startRelay();
    await database.transaction(async (manager) => {
      await write([ordered(early, 1)], manager); // takes the lower id, commits last
      await write([ordered(late, 1)]);
      relay.nudge();
      await eventually(() => of(late).length === 1);
    });
    relay.nudge();
    await eventually(() => of(early).length === 1);
  });

  it('publishes the same event ids again after a crash between publishing and removing', async () => {
    const key = ++lastKey;
    const cancelled = { ...ordered(key, 2), type: 'equipmgnt.OrderCancelled.v1' } as const;
    await write([ordered(key, 1), cancelled]);
    const publisher = newPublisher();
    let crashes = 1;
    const publish = publisher.publish.bind(publisher);
    publisher.publish = async (batches) => {
      await publish(batches);
      if (crashes-- > 0) throw new Error('crashed here');
    };
    startRelay(publisher);
    await eventually(() => of(key).length === 4);
    expect(quantities(key)).toEqual([1, 2, 1, 2]);
    expect(new Set(of(key).map(({ id }) => id)).size).toBe(2);
    await emptied();
  });

  it('publishes nothing twice when a partition has no leader for a moment', async () => {
    // A real broker cannot be made to accept one partition of a batch and reject another: this one
    // stores all of them, and reports for 1.5 s that it has not.
    const produce = broker.produce;
    let refusals = 0;
    let until = Infinity;
    const leaderless = import.meta.jest.spyOn(broker, 'produce').mockImplementation(async function (
      this: unknown,
      ...request: unknown[]
    ) {
      const answer = await produce.apply(this, request);
      until = Math.min(until, performance.now() + 1_500);
      if (performance.now() > until) return answer;
      refusals += 1;
      throw createErrorFromCode(NOT_LEADER_OR_FOLLOWER);
    });
    const producers = import.meta.jest.spyOn(kafka, 'producer');
    try {
      const keys = Array.from({ length: 12 }, () => ++lastKey);
      await write(keys.map((key) => ordered(key, 1)));
      const relay = startRelay();
      await emptied();
      await write(keys.map((key) => ordered(key, 2)));
      relay.nudge();
      await eventually(() => keys.every((key) => quantities(key).includes(2)));
      for (const key of keys) expect(quantities(key)).toEqual([1, 2]);
      expect(refusals).toBeGreaterThan(0);
      // the producer with the failed attempt sends no other batch
      expect(producers).toHaveBeenCalledTimes(2);
    } finally {
      producers.mockRestore();
      leaderless.mockRestore();
    }
  });

  it('loses nothing when a partition changes its leader during a batch', async () => {
    // A second broker cannot be made to lose its partition at that moment: this fake looks like one to
    // the producer.
    const second = {
      nodeId: 2,
      produce: async () => {
        handedOver = true;
        throw createErrorFromCode(NOT_LEADER_OR_FOLLOWER);
      },
    };
    let handedOver = false;
    const producing = new WeakSet();
    const { addMultipleTargetTopics, findLeaderForPartitions, findBroker } = cluster;
    const { spyOn } = import.meta.jest;
    const spies = [
      spyOn(cluster, 'addMultipleTargetTopics').mockImplementation(function (this: object, names) {
        producing.add(this); // the reader's cluster is not added: it has subscribed already
        return addMultipleTargetTopics.call(this, names);
      }),
      spyOn(cluster, 'findLeaderForPartitions').mockImplementation(function (
        this: object,
        ...args: unknown[]
      ) {
        const leaders = findLeaderForPartitions.apply(this, args);
        if (!producing.has(this) || handedOver) return leaders;
        const [[first, [moved, ...others]]] = Object.entries<number[]>(leaders) as [
          [string, number[]],
        ];
        return { [first]: others, [second.nodeId]: [moved] };
      }),
      spyOn(cluster, 'findBroker').mockImplementation(async function (this: unknown, which) {
        const { nodeId } = which as { nodeId: string };
        return nodeId === String(second.nodeId) ? second : findBroker.call(this, which);
      }),
    ];
    try {
      const keys = Array.from({ length: 12 }, () => ++lastKey);
      await write(keys.map((key) => ordered(key, 1)));
      startRelay();
      await emptied();
      expect(handedOver).toBe(true);
      await eventually(() => keys.every((key) => quantities(key).includes(1)));
    } finally {
      for (const spy of spies) spy.mockRestore();
    }
  });

  describe('when versions run side by side', () => {
    it('publishes an event whose type it does not know, and the events after it', async () => {
      const key = ++lastKey;
      await database.query(
        `INSERT INTO outbox (type, key, data, occurred_at)
         VALUES ('equipmgnt.OrderNoted.v1', $1, $2, now())`,
        [key, { qty: 7 }],
      );
      await write([ordered(key, 8)]);
      startRelay();
      await emptied();
      await eventually(() => expect(quantities(key)).toEqual([7, 8]));
    });

    it('publishes rows that an earlier version has written before and after the migration', async () => {
      const old = await freshDatabases();
      const [create, identify, ...later] = outboxMigrations(topics.order);
      const connectWith = (migrations: (typeof create)[]) =>
        new DataSource({
          type: 'postgres',
          url: old.urls.order,
          migrations: migrations as never,
          migrationsRun: true,
        }).initialize();
      // as the previous version writes it
      const insert = (source: DataSource, key: number, qty: number) =>
        source.query(
          `INSERT INTO outbox (type, key, data, occurred_at, traceparent)
           VALUES ('equipmgnt.Ordered.v1', $1, $2, now(), NULL)`,
          [key, { orderId: key, equipmentId: 1, qty }],
        );
      const key = ++lastKey;
      try {
        const before = await connectWith([create, identify]);
        await insert(before, key, 1);
        await before.destroy();
        const after = await connectWith([create, identify, ...later]);
        await insert(after, key, 2);
        const relay = startRelay(newPublisher(), after);
        await eventually(() => expect(quantities(key)).toEqual([1, 2]));
        await relay.stop();
        await after.destroy();
      } finally {
        await old.drop();
      }
    });
  });

  describe('when an event cannot be published', () => {
    const parked = () =>
      database.query(
        'SELECT key::int, parked_reason AS reason FROM outbox WHERE parked_at IS NOT NULL',
      );
    const parkedMetric = async (metrics: MetricsRegistry) =>
      /^outbox_parked (.+)$/m.exec(await metrics.text())?.[1];
    /** An event that is larger than the largest message that the broker accepts. */
    const tooLarge = (key: number, qty: number): RecordedFact => ({
      ...ordered(key, qty),
      data: { orderId: key, equipmentId: 1, qty, note: 'x'.repeat(1_200_000) },
    });

    it('parks it and publishes the rest; later events of its key wait', async () => {
      const [bad, good] = [++lastKey, ++lastKey];
      await write([ordered(bad, 1), tooLarge(bad, 2), ordered(good, 1), ordered(bad, 3)]);
      const metrics = new MetricsRegistry();
      const relay = startRelay(newPublisher(), database, undefined, metrics);
      await eventually(() => of(good).length > 0);
      await write([ordered(good, 2), ordered(bad, 4)]);
      relay.nudge();
      await eventually(() => expect(quantities(good).at(-1)).toBe(2));
      expect(await parked()).toEqual([
        { key: bad, reason: 'the broker answers MESSAGE_TOO_LARGE' },
      ]);
      await eventually(async () => expect(await parkedMetric(metrics)).toBe('1'));
      expect(new Set(quantities(bad))).toEqual(new Set([1]));
      expect(await remaining()).toBe(3);

      // an operator releases it after the cause is removed; its key continues in order
      await database.query(`
        UPDATE outbox SET data = data - 'note', parked_at = NULL WHERE parked_at IS NOT NULL`);
      relay.nudge();
      await emptied();
      await eventually(() => expect(quantities(bad).slice(-3)).toEqual([2, 3, 4]));
      await eventually(async () => expect(await parkedMetric(metrics)).toBe('0'));
    });

    it('parks an event that cannot become a message', async () => {
      const [bad, good] = [++lastKey, ++lastKey];
      await write([ordered(bad, 1), ordered(good, 1)]);
      await database.query(`UPDATE outbox SET occurred_at = 'infinity' WHERE key = $1`, [bad]);
      startRelay();
      await eventually(() => of(good).length > 0);
      await eventually(async () =>
        expect(await parked()).toEqual([
          { key: bad, reason: expect.stringContaining('it cannot become a message') },
        ]),
      );
    });

    it('parks an event of a topic that does not exist and that is not of this version', async () => {
      const [bad, good] = [++lastKey, ++lastKey];
      await write([ordered(bad, 1), ordered(good, 1)]);
      await database.query(`UPDATE outbox SET topic = 'equipmgnt.none' WHERE key = $1`, [bad]);
      startRelay();
      await eventually(() => of(good).length > 0);
      await eventually(async () =>
        expect(await parked()).toEqual([{ key: bad, reason: 'there is no topic equipmgnt.none' }]),
      );
    });

    it('halves a batch that the broker finds too large', async () => {
      const key = ++lastKey; // one key, so that all events are in one partition
      const count = 40;
      const part = (qty: number): RecordedFact => ({
        ...ordered(key, qty),
        data: { orderId: key, equipmentId: 1, qty, note: 'x'.repeat(60_000) },
      });
      await write(Array.from({ length: count }, (_, i) => part(i + 1)));
      startRelay();
      await emptied();
      const expected = Array.from({ length: count }, (_, i) => i + 1);
      await eventually(() => expect(quantities(key)).toEqual(expected));
    });
  });

  it('publishes nothing twice and keeps the order of every key with two relays', async () => {
    const other = await new DataSource({
      type: 'postgres',
      url: databases.urls.order,
    }).initialize();
    try {
      const relays = [startRelay(), startRelay(newPublisher(), other)];
      const keys = Array.from({ length: 40 }, () => ++lastKey);
      for (let qty = 1; qty <= 50; qty += 1) {
        await write(keys.map((key) => ordered(key, qty)));
        relays[qty % 2]?.nudge();
      }
      await eventually(() => keys.every((key) => of(key).length >= 50));
      await emptied();
      const expected = Array.from({ length: 50 }, (_, i) => i + 1);
      for (const key of keys) expect(quantities(key)).toEqual(expected);
      await Promise.all(running.splice(0).map((relay) => relay.stop()));
    } finally {
      await other.destroy();
    }
  });

  it('waits for an unavailable broker and loses nothing', async () => {
    const unavailable = new Kafka({
      brokers: ['127.0.0.1:1'],
      logLevel: logLevel.NOTHING,
      retry: { retries: 0 },
    });
    const key = ++lastKey;
    const waiting = startRelay(
      new Publisher(unavailable, () => Promise.reject(new Error('no broker'))),
    );
    await write([ordered(key, 1)]);
    waiting.nudge();
    await waiting.stop();
    expect(await remaining()).toBe(1);
    startRelay();
    await eventually(() => of(key).length === 1);
  });

  it('reports how long an event has waited, until it is published', async () => {
    const metrics = new MetricsRegistry();
    const waiting = async (): Promise<number> => {
      const [, seconds] = /^outbox_waiting_seconds (.+)$/m.exec(await metrics.text()) ?? [];
      return Number(seconds);
    };
    const publisher = newPublisher();
    const publish = publisher.publish.bind(publisher);
    const hung = Promise.withResolvers<void>();
    publisher.publish = () => hung.promise;
    await write([{ ...ordered(++lastKey, 1), at: new Date(Date.now() - 60_000) }]);
    startRelay(publisher, database, undefined, metrics);
    await eventually(async () => (await waiting()) >= 60);
    expect(await waiting()).toBeLessThan(120);
    publisher.publish = publish;
    hung.reject(new Error('no broker'));
    await eventually(async () => (await waiting()) === 0);
    expect(await remaining()).toBe(0);
  });

  it('stops while it waits for its next poll', async () => {
    const relay = await idleRelay(NEVER_MS);
    await relay.stop();
    expect(relay.alive).toBe(false);
  });

  it('has a dead-letter topic for every topic', async () => {
    const admin = kafka.admin();
    await admin.connect();
    const existing = await admin.listTopics();
    await admin.disconnect();
    expect(existing).toEqual(expect.arrayContaining(Object.values(topics).map(deadLetterTopic)));
  });
});
