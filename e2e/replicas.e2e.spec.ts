import { topics } from '@equipmgnt/contracts';
import { readTopic } from '@equipmgnt/messaging/read-topic';
import { Api, eventually, runSuite, SuiteClient } from '@equipmgnt/testing/jest';
import { Kafka, logLevel } from 'kafkajs';

interface PublishedEvent {
  readonly key: string;
  readonly id: string;
  readonly type: string;
  /** Partition and offset. */
  readonly at: string;
}

describe('Two processes of each service', () => {
  let running: Awaited<ReturnType<typeof runSuite>>;
  let client: SuiteClient;
  let orders: Api[];

  beforeAll(async () => {
    running = await runSuite({
      services: { gateway: 1, order: 2, approval: 2, equipment: 2, mis: 2 },
    });
    client = new SuiteClient(running.api, running.connections);
    orders = running.suite.order.map(({ url }) => new Api(url));
    await eventually(everyPartitionHasALeader);
  });
  afterAll(() => running.stop());

  const newKafka = () => new Kafka({ brokers: [running.kafka.url], logLevel: logLevel.NOTHING });

  /** The broker rejects requests for a new partition for a moment; these tests do not cover that. */
  const everyPartitionHasALeader = async () => {
    const admin = newKafka().admin();
    await admin.connect();
    try {
      for (const topic of Object.values(topics)) await admin.fetchTopicOffsets(topic);
    } finally {
      await admin.disconnect();
    }
  };

  const replica = (i: number) => orders[i % 2] as Api;

  /** All events of a topic, by key, in the order of the topic. */
  const published = async (topic: string): Promise<Map<string, PublishedEvent[]>> => {
    const records = (await readTopic(newKafka(), topic)).map(({ partition, message, headers }) => ({
      key: String(message.key),
      id: headers['ce_id'] ?? '',
      type: headers['ce_type'] ?? '',
      at: `${partition}@${message.offset}`,
    }));
    return Map.groupBy(records, ({ key }) => key);
  };

  it('approve exactly as many of 50 concurrent orders as there are units', async () => {
    const equipmentId = await client.register(10);
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, i) => replica(i).post('/orders', { qty: 1, equipmentId })),
    );
    const ids = new Set(answers.map(({ body }) => body.id));
    expect(ids.size).toBe(50);
    await eventually(async () => {
      const statuses = (await running.api.all<{ id: number; status: string }>('orders'))
        .filter(({ id }) => ids.has(id))
        .map(({ status }) => status);
      expect(statuses.filter((status) => status === 'APPROVED')).toHaveLength(10);
      expect(statuses.filter((status) => status === 'REJECTED')).toHaveLength(40);
    });
    await client.waitUntilConsistent();
  });

  it('create one order for one Idempotency-Key, whichever replica is called', async () => {
    const equipmentId = await client.register(10);
    const headers = { 'idempotency-key': `replicas-${equipmentId}` };
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        replica(i).post('/orders', { qty: 1, equipmentId }, headers),
      ),
    );
    const results = answers.map(({ status, body: { id, status: state } }) => ({
      status,
      id,
      state,
    }));
    expect(new Set(results.map((each) => JSON.stringify(each))).size).toBe(1);
  });

  it('publish each event once and in order, under concurrent orders and cancellations', async () => {
    const equipmentId = await client.register(1_000);
    const place = async (i: number) => {
      const { body } = await replica(i).post('/orders', { qty: 1, equipmentId });
      if (i % 3 === 0) await replica(i + 1).patch(`/orders/${body.id}`, { status: 'CANCELLED' });
    };
    for (let round = 0; round < 6; round += 1) {
      await Promise.all(Array.from({ length: 50 }, (_, i) => place(i)));
    }
    await client.waitUntilConsistent();
    expect(await client.stockOf(equipmentId)).toBe(1_000 - 6 * 33);

    // the relays publish every event once, and the events of each order in order; only approval
    // publishes a rejection again when it was faster than the event of the order
    const [ofOrders, ofApprovals, ofStock] = await Promise.all(
      Object.values(topics).map(published),
    );
    for (const events of [ofOrders, ofApprovals, ofStock]) {
      const publishedOnce = [...(events ?? []).values()]
        .flat()
        .filter(({ type }) => type !== 'equipmgnt.ApprovalRejected.v1');
      const ids = publishedOnce.map(({ id }) => id);
      // a failure prints the offsets, which show whether a relay published a whole batch twice
      expect(publishedOnce.filter(({ id }) => ids.indexOf(id) !== ids.lastIndexOf(id))).toEqual([]);
    }
    const names = (events: { type: string }[]) =>
      events.map(({ type }) => type.split('.')[1]).join(' ');
    for (const events of ofOrders?.values() ?? []) {
      expect(['Ordered', 'Ordered OrderCancelled']).toContain(names(events));
    }
    for (const events of ofApprovals?.values() ?? []) {
      expect([
        'ApprovalObtained',
        'ApprovalObtained ApprovalRejected',
        'ApprovalObtained CancelRequested',
        'CancelRequested',
      ]).toContain(names(events).replace(/( ApprovalRejected)+$/, ' ApprovalRejected'));
    }
  });

  it('continue when one of each is killed: the other takes over its partitions', async () => {
    const equipmentId = await client.register(100);
    const { order, approval, equipment, mis } = running.suite;
    await Promise.all([order, approval, equipment, mis].map((replicas) => replicas[1]?.kill()));
    for (let i = 0; i < 30; i += 1)
      expect([201, 202]).toContain((await client.order(equipmentId)).status);
    await client.waitUntilConsistent();
    expect(await client.stockOf(equipmentId)).toBe(70);
  });
});
