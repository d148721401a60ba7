import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { readConfig } from '@equipmgnt/runtime';
import { kafkaBrokers } from '@equipmgnt/testing/jest';
import { createKafka, kafkaConfig } from './kafka.ts';

it('connects to a broker at an IPv6 address', async () => {
  const [host, brokerPort] = kafkaBrokers().split(':');
  const server = createServer((near) => {
    const far = connect(Number(brokerPort), host);
    for (const socket of [near, far]) socket.on('error', () => undefined);
    near.pipe(far).pipe(near);
  }).listen(0, '::1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const config = readConfig(kafkaConfig, { KAFKA_BROKERS: `[::1]:${port}` });
  const admin = createKafka('test', config).admin();
  await admin.connect();
  await expect(admin.listTopics()).resolves.toEqual(expect.any(Array));
  await admin.disconnect();
  server.close();
});
