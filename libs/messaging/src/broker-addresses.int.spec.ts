import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { readConfig } from '@equipmgnt/runtime';
import { kafkaBrokers } from '@equipmgnt/testing/jest';
import { createKafka, kafkaConfig } from './kafka.ts';

describe('A broker at an IPv6 address', () => {
  let proxy: Server;
  let connections = 0;

  beforeAll(async () => {
    const { hostname, port } = new URL(`kafka://${kafkaBrokers()}`);
    proxy = createServer((client) => {
      connections += 1;
      const broker = connect({ host: hostname, port: Number(port) });
      client.pipe(broker).pipe(client);
      for (const socket of [client, broker]) socket.on('error', () => undefined);
    });
    await new Promise<void>((resolve) => proxy.listen(0, '::1', resolve));
  });

  afterAll(() => {
    proxy.close();
  });

  it('is reached', async () => {
    const { port } = proxy.address() as AddressInfo;
    const config = readConfig(kafkaConfig, { KAFKA_BROKERS: `[::1]:${port}` });
    const admin = createKafka('order', config).admin();
    await admin.connect();
    try {
      const { brokers } = await admin.describeCluster();
      expect(brokers).toHaveLength(1);
      expect(connections).toBeGreaterThan(0);
    } finally {
      await admin.disconnect();
    }
  });
});
