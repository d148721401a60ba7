import { randomBytes, randomUUID } from 'node:crypto';
import { deadLetterTopic, topics, type EventType } from '@equipmgnt/contracts';
import { DomainError } from '@equipmgnt/kernel';
import { MetricsRegistry } from '@equipmgnt/runtime';
import { readTopic, type TopicRecord } from '../read-topic.ts';
import { kafkaBrokers, eventually } from '@equipmgnt/testing/jest';
import { Kafka, logLevel, type IHeaders, type Producer } from 'kafkajs';
import { Topics } from '../topics.ts';
import type { Received } from '../cloud-event.ts';
import { KafkaStrategy } from './kafka.strategy.ts';

const ORDERED = 'equipmgnt.Ordered.v1';
const CANCELLED = 'equipmgnt.OrderCancelled.v1';

describe('The Kafka transport', () => {
  let kafka: Kafka;
  let producer: Producer;
  let running: KafkaStrategy[];
  let group: string;
  // far from the ids that other test files use on the same topic
  let lastKey = 2_000_000_000 + Math.floor(Math.random() * 1e9);

  const newKafka = () => new Kafka({ brokers: [kafkaBrokers()], logLevel: logLevel.NOTHING });

  beforeAll(async () => {
    kafka = newKafka();
    await new Topics(kafka, Object.values(topics), 3).ensure();
    producer = kafka.producer();
    await producer.connect();
  });

  afterAll(() => producer.disconnect());

  beforeEach(() => {
    running = [];
    group = `transport-test-${randomUUID()}`;
  });

  afterEach(() => Promise.all(running.map((strategy) => strategy.close())));

  type Handler = (events: readonly Received[]) => Promise<void>;

  const start = async (
    handlers: Partial<Record<EventType, Handler>>,
    sessionTimeoutMs = 6_000,
    metrics = new MetricsRegistry(),
  ): Promise<KafkaStrategy> => {
    const strategy = new KafkaStrategy(newKafka, {
      group,
      sessionTimeoutMs,
      topics: new Topics(newKafka(), Object.values(topics), 3),
      metrics,
    });
    for (const [type, handler] of Object.entries(handlers)) {
      strategy.addHandler(type, handler as never, true);
    }
    running.push(strategy);
    strategy.listen(() => undefined);
    return strategy;
  };
  const consuming = (strategy: KafkaStrategy) =>
    eventually(() => strategy.report().detail?.['state'] === 'consuming');

  const message = (key: number, qty: number, type: string = ORDERED) => ({
    key: String(key),
    value: JSON.stringify({ orderId: key, equipmentId: 1, qty }),
    headers: { ce_type: type, ce_id: `${key}-${qty}` },
  });
  const send = (...messages: { key: string; value: string; headers?: IHeaders }[]) =>
    producer.send({ topic: topics.order, messages });

  /** Collects the events of some keys; other test files use the same topic. */
  const collector = (...keys: number[]) => {
    const groups: Received[][] = [];
    const handler: Handler = async (events) => {
      const mine = events.filter(({ key }) => keys.includes(Number(key)));
      if (mine.length > 0) groups.push(mine);
    };
    const quantities = () => groups.flat().map(({ data }) => (data as { qty: number }).qty);
    return { groups, handler, quantities };
  };

  /** The dead letters that this test's group has written for a key, after it has handled everything. */
  const deadLetters = async (
    key: number,
    source: string = topics.order,
  ): Promise<TopicRecord['headers'][]> => {
    await eventually(() => allCommitted(source));
    return (await readTopic(kafka, deadLetterTopic(source)))
      .filter(({ message }) => String(message.key) === String(key))
      .map(({ headers }) => headers)
      .filter((headers) => headers['dlt_consumer_group'] === group);
  };

  /** Whether the group has committed all messages of a topic; an empty partition has no commit. */
  const allCommitted = async (topic: string = topics.order, only?: number): Promise<boolean> => {
    const admin = kafka.admin();
    await admin.connect();
    try {
      const [committed] = await admin.fetchOffsets({ groupId: group, topics: [topic] });
      const ends = await admin.fetchTopicOffsets(topic);
      return ends.every(
        (end) =>
          (only !== undefined && end.partition !== only) ||
          end.offset === '0' ||
          committed?.partitions.find(({ partition }) => partition === end.partition)?.offset ===
            end.offset,
      );
    } finally {
      await admin.disconnect();
    }
  };

  it('passes the events of a batch to their handler together, every key in order', async () => {
    const key = ++lastKey;
    await send(...[1, 2, 3].map((qty) => message(key, qty)));
    const { handler, groups, quantities } = collector(key);
    await start({ [ORDERED]: handler });
    await eventually(() => quantities().length === 3);
    expect(groups).toHaveLength(1);
    expect(quantities()).toEqual([1, 2, 3]);
    expect(groups[0]?.[0]).toMatchObject({ id: `${key}-1`, type: ORDERED, key: String(key) });
  });

  it('does not deliver committed events again', async () => {
    const key = ++lastKey;
    await send(message(key, 1));
    const first = collector(key);
    const strategy = await start({ [ORDERED]: first.handler });
    await eventually(() => first.quantities().length === 1);
    await strategy.close();

    const second = collector(key);
    await start({ [ORDERED]: second.handler });
    await send(message(key, 2));
    await eventually(() => second.quantities().length > 0);
    expect(second.quantities()).toEqual([2]);
  });

  it('delivers an event again after a crash between the effect and the commit', async () => {
    const key = ++lastKey;
    await send(message(key, 1));
    const first = collector(key);
    const crash = new Error('crashed after the effect');
    const strategy = await start({
      [ORDERED]: async (events) => {
        await first.handler(events);
        if (first.quantities().length > 0) throw crash;
      },
    });
    await eventually(() => first.quantities().length > 0);
    await strategy.close();

    const second = collector(key);
    await start({ [ORDERED]: second.handler });
    await eventually(() => second.quantities().length > 0);
    expect(second.groups[0]?.[0]?.id).toBe(first.groups[0]?.[0]?.id);
  });

  it('retries a transient failure until it succeeds, and loses nothing', async () => {
    const key = ++lastKey;
    await send(message(key, 1), message(key, 2));
    const { handler, quantities } = collector(key);
    let failures = 4;
    await start({
      [ORDERED]: async (events) => {
        if (events.some((event) => event.key === String(key)) && failures-- > 0) {
          throw Object.assign(new Error('the database is unavailable'), { code: 'ECONNREFUSED' });
        }
        await handler(events);
      },
    });
    await eventually(() => quantities().length === 2);
    expect(quantities()).toEqual([1, 2]);
    expect(await deadLetters(key)).toEqual([]);
  });

  it('moves invalid messages to the dead-letter topic once, and continues', async () => {
    const key = ++lastKey;
    const { handler, quantities } = collector(key);
    await start({ [ORDERED]: handler });
    const bad = [
      { ...message(key, 9), value: '{"orderId":' },
      { ...message(key, 9), value: JSON.stringify({ orderId: key, equipmentId: 1, qty: 0 }) },
      message(key, 9, 'other.Ordered.v1'),
      { ...message(key, 9), headers: {} },
    ];
    await send(message(key, 1), ...bad, message(key, 2));
    await eventually(() => quantities().length === 2);
    const moved = await deadLetters(key);
    expect(moved.map(({ dlt_code }) => dlt_code)).toEqual([
      'BAD_JSON',
      'BAD_DATA',
      'UNKNOWN_TYPE',
      'NO_TYPE',
    ]);
    expect(moved[1]).toMatchObject({
      ce_type: ORDERED,
      dlt_topic: topics.order,
      dlt_partition: expect.stringMatching(/^\d$/),
      dlt_offset: expect.stringMatching(/^\d+$/),
      dlt_consumer_group: group,
      dlt_reason: expect.stringContaining('qty'),
    });
  });

  it('moves the largest message that a broker accepts to the dead-letter topic', async () => {
    const key = ++lastKey;
    const registered = 'equipmgnt.EquipmentRegistered.v1';
    const topic = topics.equipment; // not the topic of the other tests, which would move it too
    await start({ [registered]: async () => undefined });
    // 1 MiB less some bytes for the key, headers and the batch around it; hardly compressible
    const value = randomBytes(1_048_576).toString('base64').slice(0, 1_048_400);
    await producer.send({ topic, messages: [{ ...message(key, 1, registered), value }] });
    expect(await deadLetters(key, topic)).toMatchObject([{ dlt_code: 'BAD_JSON' }]);
  });

  it.each([
    ['the domain rejects it', new DomainError('conflict', 'no', 'never')],
    ['the code of its handler fails', new TypeError('undefined is not a function')],
    ['a constraint rejects it', Object.assign(new Error('violates'), { code: '23514' })],
  ])('moves only one event of a group to the dead-letter topic when %s', async (_, error) => {
    const key = ++lastKey;
    const { handler, quantities } = collector(key);
    await send(...[1, 2, 3].map((qty) => message(key, qty)));
    await start({
      [ORDERED]: async (events) => {
        if (events.some(({ id }) => id === `${key}-2`)) throw error;
        await handler(events);
      },
    });
    await eventually(() => quantities().length === 2);
    expect(quantities()).toEqual([1, 3]);
    const moved = await deadLetters(key);
    expect(moved).toMatchObject([{ ce_id: `${key}-2`, dlt_code: 'REFUSED' }]);
  });

  it('handles the other partitions while one is stuck, also what is sent later', async () => {
    const stuck = ++lastKey;
    const others = Array.from({ length: 12 }, () => ++lastKey);
    const { handler, quantities } = collector(...others, stuck);
    let isStuck = false;
    let isRepaired = false;
    const strategy = await start({
      [ORDERED]: async (events) => {
        if (!isRepaired && events.some((event) => event.key === String(stuck))) {
          isStuck = true;
          throw Object.assign(new Error('deadlock detected'), { code: '40P01' });
        }
        await handler(events);
      },
    });
    await consuming(strategy);
    const first = { ...message(stuck, 1), partition: 0 };
    await producer.send({ topic: topics.order, messages: [first] });
    await eventually(() => isStuck);
    const later = others.map((key, i) => ({ ...message(key, 1), partition: i % 3 }));
    await producer.send({ topic: topics.order, messages: later });
    // the events in the partition of the stuck one wait behind it
    await eventually(() => quantities().length >= 8);
    expect(quantities().length).toBe(8);
    expect(strategy.report()).toMatchObject({
      up: true,
      detail: { stuck: [{ topic: topics.order, partition: 0, error: 'deadlock detected' }] },
    });
    isRepaired = true;
    await eventually(() => quantities().length === 13);
    expect(strategy.report().detail).not.toHaveProperty('stuck');
  });

  it('reports the lag of a stuck partition, and of the others', async () => {
    const stuck = ++lastKey;
    const metrics = new MetricsRegistry();
    const strategy = await start(
      {
        [ORDERED]: async (events) => {
          if (events.some((event) => event.key === String(stuck))) throw new Error('not now');
        },
      },
      6_000,
      metrics,
    );
    await consuming(strategy);
    const messages = [1, 2, 3].map((qty) => ({ ...message(stuck, qty), partition: 0 }));
    await producer.send({ topic: topics.order, messages });
    const lagOf = async (partition: number) => {
      const line = new RegExp(
        `^consumer_lag{topic="${topics.order}",partition="${partition}"} (.+)$`,
        'm',
      );
      return Number(line.exec(await metrics.text())?.[1] ?? NaN);
    };
    await eventually(async () => expect(await lagOf(0)).toBeGreaterThanOrEqual(3));
    await eventually(async () => expect(await lagOf(1)).toBeGreaterThanOrEqual(0));
    expect(await metrics.text()).toMatch(/^consumer_stuck_seconds{.*partition="0"} /m);
  });

  it('skips and counts events of another version', async () => {
    const key = ++lastKey;
    const { handler, quantities } = collector(key);
    const metrics = new MetricsRegistry();
    await start({ [ORDERED]: handler }, 6_000, metrics);
    await send(
      message(key, 9, 'equipmgnt.Ordered.v99'),
      message(key, 9, 'equipmgnt.OrderNoted.v1'),
      message(key, 1),
    );
    await eventually(() => quantities().length === 1);
    expect(await deadLetters(key)).toEqual([]);
    const [, skipped] =
      /^events_skipped_total\{topic="equipmgnt.order"\} (.+)$/m.exec(await metrics.text()) ?? [];
    expect(Number(skipped)).toBeGreaterThanOrEqual(2); // other test files send some as well
  });

  it('skips events that this service has no handler for', async () => {
    const key = ++lastKey;
    const { handler, quantities } = collector(key);
    await start({ [ORDERED]: handler });
    await send(message(key, 9, CANCELLED), message(key, 1));
    await eventually(() => quantities().length === 1);
    expect(await deadLetters(key)).toEqual([]);
  });

  it('shares the partitions among consumers, and reassigns those of a stopped one', async () => {
    const keys = Array.from({ length: 30 }, () => ++lastKey);
    const [one, two] = [collector(...keys), collector(...keys)];
    const first = await start({ [ORDERED]: one.handler });
    const second = await start({ [ORDERED]: two.handler });
    await Promise.all([consuming(first), consuming(second)]);
    let round = 0;
    await eventually(async () => {
      round += 1;
      await send(...keys.map((key) => message(key, round)));
      return one.quantities().length > 0 && two.quantities().length > 0;
    });
    await first.close();
    await send(...keys.map((key) => message(key, 777)));
    const ids = () => two.groups.flat().map(({ id }) => id);
    const last = () => new Set(ids().filter((id) => id.endsWith('-777'))); // some may be delivered twice
    await eventually(() => last().size === 30);
    // every event was handled by one of the two
    for (let seen = 1; seen <= round; seen += 1) {
      const handled = new Set([...one.groups, ...two.groups].flat().map(({ id }) => id));
      for (const key of keys) expect(handled).toContain(`${key}-${seen}`);
    }
  });

  it('finishes the current batch before it stops', async () => {
    const key = ++lastKey;
    const [sent] = await send(message(key, 1));
    let begun = false;
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const { handler, quantities } = collector(key);
    const strategy = await start({
      [ORDERED]: async (events) => {
        if (events.some((event) => event.key === String(key))) {
          begun = true;
          await held;
        }
        await handler(events);
      },
    });
    await eventually(() => begun);
    const closed = strategy.close();
    release();
    await closed;
    expect(quantities()).toEqual([1]);
    await eventually(() => allCommitted(topics.order, sent?.partition));
  });

  it('stops while it is joining, and leaves no member behind', async () => {
    const strategy = await start({ [ORDERED]: async () => undefined });
    await eventually(() => strategy.unwrap() !== undefined);
    await strategy.close();
    const admin = kafka.admin();
    await admin.connect();
    const { groups } = await admin.describeGroups([group]);
    await admin.disconnect();
    expect(groups[0]?.members).toEqual([]);
  });

  it('stays alive and says why when brokers refuse it, as with an invalid session timeout', async () => {
    const strategy = await start({ [ORDERED]: async () => undefined }, 30);
    await eventually(() => Number(strategy.report().detail?.['failures']) >= 4);
    expect(strategy.report()).toMatchObject({
      up: true,
      detail: {
        state: 'waiting for brokers',
        error: expect.stringContaining('session timeout'),
        topics: [topics.order],
      },
    });
  });

  it('reports itself alive while it waits for brokers', async () => {
    const unavailable = new Kafka({
      brokers: ['127.0.0.1:1'],
      logLevel: logLevel.NOTHING,
      retry: { retries: 1, initialRetryTime: 10 },
    });
    const strategy = new KafkaStrategy(() => unavailable, {
      group,
      sessionTimeoutMs: 6_000,
      topics: new Topics(newKafka(), Object.values(topics), 3),
      metrics: new MetricsRegistry(),
    });
    strategy.addHandler(ORDERED, (async () => undefined) as never, true);
    running.push(strategy);
    strategy.listen(() => undefined);
    await eventually(() => strategy.report().detail?.['state'] === 'waiting for brokers');
    expect(strategy.report().up).toBe(true);
  });

  it('rejects a handler for an unknown event type', () => {
    const strategy = new KafkaStrategy(newKafka, {
      group,
      sessionTimeoutMs: 6_000,
      topics: new Topics(newKafka(), Object.values(topics), 3),
      metrics: new MetricsRegistry(),
    });
    strategy.addHandler('equipmgnt.Orderd.v1', (async () => undefined) as never, true);
    expect(() => strategy.listen(() => undefined)).toThrow("@EventPattern('equipmgnt.Orderd.v1')");
  });
});
