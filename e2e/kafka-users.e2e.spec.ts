import { deadLetterTopic, topics } from '@equipmgnt/contracts';
import { freePorts, Suite, type Connections } from '@equipmgnt/testing';
import {
  Api,
  discrepancies,
  eventually,
  freshDatabases,
  ownBroker,
  runOps,
} from '@equipmgnt/testing/jest';
import { Kafka, logLevel } from 'kafkajs';

const SERVICES = ['order', 'approval', 'equipment', 'mis'] as const;

type User = (typeof SERVICES)[number] | 'ops';

describe('With a Kafka user for each service', () => {
  let own: Awaited<ReturnType<typeof ownBroker>>;
  let databases: Awaited<ReturnType<typeof freshDatabases>>;
  let suite: Suite;
  let api: Api;
  /** Where clients are users. */
  let connections: Connections;

  const passwordOf = (user: User): string => `password of ${user}`.replaceAll(' ', '-');
  const credentials = (user: User) => ({
    KAFKA_SASL_USERNAME: user,
    KAFKA_SASL_PASSWORD: passwordOf(user),
  });
  const kafkaOf = (user: User) =>
    new Kafka({
      brokers: [connections.kafkaBrokers],
      sasl: { mechanism: 'scram-sha-512', username: user, password: passwordOf(user) },
      logLevel: logLevel.NOTHING,
      retry: { retries: 0 },
    });

  beforeAll(async () => {
    const [usersPort] = (await freePorts(1)) as [number];
    const users = [...SERVICES, 'ops'] as const;
    const passwords = Object.fromEntries(users.map((user) => [user, passwordOf(user)]));
    own = await ownBroker({}, { port: usersPort, passwords });
    databases = await freshDatabases();
    connections = { databases: databases.urls, kafkaBrokers: `127.0.0.1:${usersPort}` };
    const administrator = { ...connections, kafkaBrokers: own.broker.url };
    const granted = await runOps(administrator, 'grant-kafka');
    expect(granted).toMatchObject({
      err: '',
      code: 0,
      out: expect.stringMatching(/^\d+ rights given\n$/),
    });
    suite = await Suite.start({
      infrastructure: connections,
      env: Object.fromEntries(SERVICES.map((service) => [service, credentials(service)])),
    });
    api = new Api(suite.gateway[0].url);
  });
  afterAll(async () => {
    await suite?.stop();
    await databases?.drop();
    await own?.remove();
  });

  it('orders, approvals and cancellations flow', async () => {
    const { id: equipmentId } = (await api.post('/equipments', { stock: 5 })).body;
    const { id } = (await api.post('/orders', { equipmentId, qty: 2 })).body;
    await eventually(async () => {
      expect((await api.get(`/mis/${id}`)).body).toMatchObject({ status: 'APPROVED' });
      expect((await api.get(`/equipments/${equipmentId}`)).body.stock).toBe(3);
    });
    await api.patch(`/orders/${id}`, { status: 'CANCELLED' });
    await eventually(async () => {
      expect((await api.get(`/mis/${id}`)).body).toMatchObject({ status: 'CANCELLED' });
      expect((await api.get(`/equipments/${equipmentId}`)).body.stock).toBe(5);
    });
    expect(await discrepancies(api, new Map([[equipmentId, 5]]))).toEqual([]);
  });

  it('an operator compares the services', async () => {
    const checked = await runOps(connections, 'check', credentials('ops'));
    expect(checked).toMatchObject({ code: 0, err: '' });
  });

  it('a message that cannot be read becomes a dead letter', async () => {
    const producer = kafkaOf('order').producer();
    await producer.connect();
    await producer.send({ topic: topics.order, messages: [{ key: '1', value: 'no event' }] });
    await producer.disconnect();
    const admin = new Kafka({ brokers: [own.broker.url], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    await eventually(async () => {
      const [end] = await admin.fetchTopicOffsets(deadLetterTopic(topics.order));
      // that of approval and that of mis, and the ends of their transactions
      expect(Number(end?.high)).toBe(4);
    });
    await admin.disconnect();
  });

  it.each<[User, string]>([
    ['order', topics.approval],
    ['order', topics.equipment],
    ['approval', topics.order],
    ['equipment', topics.approval],
    ['mis', topics.order],
  ])('%s cannot publish on %s', async (user, topic) => {
    const producer = kafkaOf(user).producer();
    await producer.connect();
    const sent = producer.send({ topic, messages: [{ key: '1', value: 'x' }] });
    await expect(sent).rejects.toThrow(/[Aa]uthoriz/);
    await producer.disconnect();
  });

  it('equipment cannot read orders', async () => {
    const consumer = kafkaOf('equipment').consumer({ groupId: 'equipment' });
    await consumer.connect();
    await expect(consumer.subscribe({ topic: topics.order })).rejects.toThrow(/[Aa]uthoriz/);
    await consumer.disconnect();
  });
});
