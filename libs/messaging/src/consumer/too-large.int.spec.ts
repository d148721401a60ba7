import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { topics } from '@equipmgnt/contracts';
import { MetricsRegistry } from '@equipmgnt/runtime';
import { createServers, freePorts, LOCAL, removeData, type Server } from '@equipmgnt/testing';
import { eventually, kafkaBrokers } from '@equipmgnt/testing/jest';
import { Kafka, logLevel } from 'kafkajs';
import { DataSource } from 'typeorm';
import type { Received } from '../cloud-event.ts';
import { Topics } from '../topics.ts';
import { KafkaStrategy } from './kafka.strategy.ts';

const REGISTERED = 'equipmgnt.EquipmentRegistered.v1';

describe('A batch that is too large for the database', () => {
  const directory = join(LOCAL, `too-large-${randomUUID()}`);
  let mariadb: Server;
  let database: DataSource;
  let strategy: KafkaStrategy;

  beforeAll(async () => {
    const [port] = (await freePorts(1)) as [number];
    ({ mariadb } = createServers(directory, {
      postgres: 0,
      mariadb: port,
      kafka: 0,
      kafkaController: 0,
    }));
    await mariadb.start();
    const options = { type: 'mariadb', url: mariadb.url } as const;
    const admin = await new DataSource(options).initialize();
    await admin.query('CREATE DATABASE small');
    await admin.query('CREATE TABLE small.handled (id BIGINT PRIMARY KEY, name MEDIUMTEXT)');
    await admin.query('SET GLOBAL max_allowed_packet = 16384');
    await admin.destroy();
    database = await new DataSource({ ...options, database: 'small' }).initialize();
  });

  afterAll(async () => {
    await strategy?.close();
    await database.destroy();
    await mariadb.stop();
    await removeData(directory);
  });

  it('is halved; an event that is too large alone is moved to the dead-letter topic', async () => {
    const newKafka = () => new Kafka({ brokers: [kafkaBrokers()], logLevel: logLevel.NOTHING });
    const all = new Topics(newKafka(), Object.values(topics), 3);
    await all.ensure();
    const first = 3_000_000_000 + Math.floor(Math.random() * 1e9);
    const sizes = [2_000, 2_000, 2_000, 40_000, ...Array.from({ length: 30 }, () => 2_000)];
    const messages = sizes.map((size, i) => ({
      key: 'too-large', // one partition
      value: JSON.stringify({ equipmentId: first + i, stock: 1, name: 'x'.repeat(size) }),
      headers: { ce_type: REGISTERED, ce_id: `${first + i}` },
    }));
    const producer = newKafka().producer();
    await producer.connect();
    await producer.send({ topic: topics.equipment, messages });
    await producer.disconnect();

    const metrics = new MetricsRegistry();
    strategy = new KafkaStrategy(newKafka, {
      group: `too-large-${randomUUID()}`,
      sessionTimeoutMs: 6_000,
      topics: all,
      metrics,
    });
    const handler = async (events: readonly Received<typeof REGISTERED>[]) => {
      const rows = events.map(({ data }) => [data.equipmentId, data.name]);
      await database.query('INSERT IGNORE INTO handled (id, name) VALUES ?', [rows]);
    };
    strategy.addHandler(REGISTERED, handler as never, true);
    strategy.listen(() => undefined);

    const expected = sizes.flatMap((size, i) => (size > 16_384 ? [] : [first + i]));
    await eventually(async () => {
      const rows = await database.query('SELECT id FROM handled WHERE id >= ? ORDER BY id', [
        first,
      ]);
      expect(rows.map(({ id }: { id: string }) => Number(id))).toEqual(expected);
    });
    await eventually(async () =>
      expect(await metrics.text()).toMatch(
        /^messages_dead_lettered_total{topic="equipmgnt.equipment",code="TOO_LARGE"} 1$/m,
      ),
    );
  });
});
