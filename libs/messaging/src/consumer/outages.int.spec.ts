import { randomUUID } from 'node:crypto';
import { topics, type EventType } from '@equipmgnt/contracts';
import { MetricsRegistry } from '@equipmgnt/runtime';
import { eventually, ownBroker } from '@equipmgnt/testing/jest';
import {
  AclOperationTypes,
  AclPermissionTypes,
  AclResourceTypes,
  CompressionCodecs,
  CompressionTypes,
  ConfigResourceTypes,
  Kafka,
  logLevel,
  ResourcePatternTypes,
  type Admin,
  type KafkaConfig,
  type Producer,
} from 'kafkajs';
import type { Received } from '../cloud-event.ts';
import { CLIENT_RETRY } from '../kafka.ts';
import { Topics } from '../topics.ts';
import { KafkaStrategy } from './kafka.strategy.ts';

const ORDERED = 'equipmgnt.Ordered.v1';

describe('The consumer on a broker that has trouble', () => {
  let own: Awaited<ReturnType<typeof ownBroker>>;
  let admin: Admin;
  let producer: Producer;
  let metrics: MetricsRegistry;
  let running: KafkaStrategy[];
  let group: string;
  let handled: string[];

  const newKafka = (more: Partial<KafkaConfig> = {}) =>
    new Kafka({
      brokers: [own.broker.url],
      logLevel: logLevel.NOTHING,
      connectionTimeout: 2_000,
      requestTimeout: 5_000,
      retry: CLIENT_RETRY,
      ...more,
    });

  beforeAll(async () => {
    own = await ownBroker({
      'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
      'allow.everyone.if.no.acl.found': 'true',
    });
    admin = newKafka().admin();
    await admin.connect();
    await new Topics(newKafka(), Object.values(topics), 2).ensure();
    producer = newKafka().producer();
    await producer.connect();
  });

  afterAll(async () => {
    await producer.disconnect();
    await admin.disconnect();
    await own.remove();
  });

  beforeEach(() => {
    running = [];
    handled = [];
    metrics = new MetricsRegistry();
    group = `outages-${randomUUID()}`;
  });

  afterEach(async () => {
    await own.broker.kill('SIGCONT');
    await Promise.all(running.map((strategy) => strategy.close()));
  });

  const start = (
    handlers: Partial<Record<EventType, (events: readonly Received[]) => Promise<void>>> = {
      [ORDERED]: collect,
    },
    kafka: () => Kafka = newKafka,
    all = new Topics(newKafka(), Object.values(topics), 2),
  ): KafkaStrategy => {
    const strategy = new KafkaStrategy(kafka, {
      group,
      sessionTimeoutMs: 6_000,
      topics: all,
      metrics,
    });
    for (const [type, handler] of Object.entries(handlers)) {
      strategy.addHandler(type, handler as never, true);
    }
    running.push(strategy);
    strategy.listen(() => undefined);
    return strategy;
  };
  const collect = async (events: readonly Received[]): Promise<void> => {
    handled.push(...events.map(({ id }) => id));
  };
  const stateOf = (strategy: KafkaStrategy) => strategy.report().detail?.['state'];
  const send = async (
    ids: string[],
    {
      topic = topics.order as string,
      type = ORDERED as string,
      partition = 0,
      compression = 0,
    } = {},
  ) =>
    producer.send({
      topic,
      compression,
      messages: ids.map((id) => ({
        key: '1',
        partition,
        value: JSON.stringify({ orderId: 1, approvalId: 1, equipmentId: 1, qty: 1 }),
        headers: { ce_type: type, ce_id: id },
      })),
    });
  const metric = async (name: string): Promise<number> =>
    Number(
      new RegExp(`^${name.replaceAll(/[{}]/g, '\\$&')} (.+)$`, 'm').exec(
        await metrics.text(),
      )?.[1] ?? NaN,
    );

  it('waits for a broker that accepts connections and never answers', async () => {
    const strategy = start();
    await send(['before']);
    await eventually(() => handled.includes('before'));
    await own.broker.kill('SIGSTOP');
    await eventually(() => {
      expect(strategy.report().up).toBe(true);
      return stateOf(strategy) === 'waiting for brokers';
    }, 150_000);
    await eventually(async () => (await metric('consumer_failures')) >= 2, 150_000);
    expect(strategy.report()).toMatchObject({ up: true, detail: { error: expect.any(String) } });
    await own.broker.kill('SIGCONT');
    await eventually(async () => {
      await send(['after']);
      return handled.includes('after');
    });
    expect(await metric('consumer_failures')).toBe(0);
  });

  it.each([
    // kafkajs hides the broker's answer when it looks for the coordinator of a group
    ['its group', AclResourceTypes.GROUP, () => group, /coordinator/],
    ['its topic', AclResourceTypes.TOPIC, () => topics.order, /authori[sz]ed|may be seen/i],
  ])('stays alive while the broker refuses %s, and says why', async (_, type, name, reason) => {
    const acl = {
      resourceType: type,
      resourceName: name(),
      resourcePatternType: ResourcePatternTypes.LITERAL,
      principal: 'User:ANONYMOUS',
      host: '*',
      operation: AclOperationTypes.READ,
      permissionType: AclPermissionTypes.DENY,
    };
    const strategy = start();
    await admin.createAcls({ acl: [acl] });
    try {
      await eventually(() => stateOf(strategy) === 'waiting for brokers');
      await eventually(async () => (await metric('consumer_failures')) >= 3);
      expect(strategy.report()).toMatchObject({
        up: true,
        detail: { error: expect.stringMatching(reason) },
      });
    } finally {
      await admin.deleteAcls({ filters: [acl] });
    }
    await eventually(async () => {
      await send(['allowed']);
      return handled.includes('allowed');
    });
  });

  it.each([
    ['gzip', CompressionTypes.GZIP],
    ['snappy', CompressionTypes.Snappy],
    ['lz4', CompressionTypes.LZ4],
    ['zstd', CompressionTypes.ZSTD],
  ])('reads a batch that is compressed with %s', async (name) => {
    // the broker compresses it again
    const configEntries = [{ name: 'compression.type', value: name }];
    await admin.alterConfigs({
      validateOnly: false,
      resources: [{ type: ConfigResourceTypes.TOPIC, name: topics.order, configEntries }],
    });
    const ids = Array.from({ length: 50 }, (_, i) => `${name}-${i}`);
    await send(ids);
    start();
    await eventually(() => expect(handled.filter((id) => id.startsWith(`${name}-`))).toEqual(ids));
  });

  it('stops only the partition with a batch of an unknown codec, and shows it', async () => {
    const codecs = CompressionCodecs as unknown as Record<number, unknown>;
    await send(['unknown'], { compression: CompressionTypes.GZIP });
    const strategy = start();
    const readable = codecs[CompressionTypes.GZIP];
    codecs[CompressionTypes.GZIP] = codecs[7]; // as a codec that a later version of Kafka has
    try {
      await send(['readable'], { partition: 1 });
      await eventually(() => handled.includes('readable'));
      await eventually(() =>
        expect(strategy.report()).toMatchObject({
          up: true,
          detail: {
            stuck: [
              { topic: topics.order, partition: 0, error: expect.stringContaining('codec 7') },
            ],
          },
        }),
      );
      expect(handled).not.toContain('unknown');
      expect(await metrics.text()).toMatch(/^consumer_stuck_seconds{.*partition="0"} /m);
    } finally {
      codecs[CompressionTypes.GZIP] = readable;
    }
  });

  const existing = async () => new Set(await admin.listTopics());
  const OBTAINED = 'equipmgnt.ApprovalObtained.v1';
  const both = { [ORDERED]: (it: readonly Received[]) => collect(it), [OBTAINED]: collect };

  it('reads a topic from its start after it was deleted and created again', async () => {
    start();
    await send(['old']);
    await eventually(() => handled.includes('old'));
    const ends = await admin.fetchTopicOffsets(topics.order);
    const before = Number(ends.find(({ partition }) => partition === 0)?.high);
    await eventually(async () => {
      const [committed] = await admin.fetchOffsets({ groupId: group, topics: [topics.order] });
      return committed?.partitions.some(({ offset }) => Number(offset) === before) ?? false;
    });
    await admin.deleteTopics({ topics: [topics.order] });
    await eventually(async () => !(await existing()).has(topics.order));
    await new Topics(newKafka(), Object.values(topics), 2).ensure();
    // more than the old topic had, so that the old position is not beyond the end
    const ids = Array.from({ length: before + 20 }, (_, i) => `new-${i}`);
    await eventually(() => send(ids));
    await eventually(() => {
      const seen = new Set(handled);
      expect(ids.filter((id) => !seen.has(id))).toEqual([]);
    });
  });

  it('creates a missing topic again while its other topics go on', async () => {
    start(both);
    await send(['first'], { topic: topics.approval, type: OBTAINED });
    await eventually(() => handled.includes('first'));
    await admin.deleteTopics({ topics: [topics.approval] });
    await send(['other topic']);
    await eventually(() => handled.includes('other topic'));
    await eventually(async () => (await existing()).has(topics.approval));
    await eventually(() => send(['again'], { topic: topics.approval, type: OBTAINED }));
    await eventually(() => handled.includes('again'));
  });

  it('names a topic that does not exist, and reads the others', async () => {
    await admin.deleteTopics({ topics: [topics.approval] });
    await eventually(async () => !(await existing()).has(topics.approval));
    // as if the broker refused to create it
    const strategy = start(both, newKafka, new Topics(newKafka(), [topics.order], 2));
    await send(['read']);
    await eventually(() => handled.includes('read'));
    expect(strategy.report()).toMatchObject({
      up: true,
      detail: { missingTopics: [topics.approval] },
    });
    await new Topics(newKafka(), Object.values(topics), 2).ensure();
    await eventually(() => send(['later'], { topic: topics.approval, type: OBTAINED }));
    await eventually(() => handled.includes('later'));
    expect(strategy.report().detail).not.toHaveProperty('missingTopics');
  });

  it('reads partitions that are added while it runs, and counts them until then', async () => {
    const strategy = start();
    await eventually(() => stateOf(strategy) === 'consuming');
    const { topic } = { topic: topics.order };
    await admin.createPartitions({ topicPartitions: [{ topic, count: 4 }] });
    const fresh = newKafka().producer(); // knows the new partitions
    await fresh.connect();
    const value = JSON.stringify({ orderId: 1, equipmentId: 1, qty: 1 });
    const headers = { ce_type: ORDERED, ce_id: 'added' };
    await eventually(() =>
      fresh.send({ topic, messages: [{ key: '1', partition: 3, value, headers }] }),
    );
    await fresh.disconnect();
    await eventually(async () =>
      expect(await metric(`consumer_lag{topic="${topic}",partition="3"}`)).toBeGreaterThan(0),
    );
    await eventually(() => handled.includes('added'));
  });
});
