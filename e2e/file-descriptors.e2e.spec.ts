import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { Suite } from '@equipmgnt/testing';
import { eventually } from '@equipmgnt/testing/jest';

const LIMIT = 120;
const IDLE = 300;
const RECOVERS_WITHIN_MS = 15_000;
const onLinux = process.platform === 'linux' ? describe : describe.skip;

onLinux('A gateway with few file descriptors (set by prlimit, on Linux only)', () => {
  let service: Server;
  let suite: Suite;
  let sockets: Socket[];

  beforeAll(async () => {
    service = createServer((_, response) => response.end('{}')).listen(0, '127.0.0.1');
    await once(service, 'listening');
    const address = `http://127.0.0.1:${(service.address() as AddressInfo).port}`;
    const names = ['ORDER_URL', 'APPROVAL_URL', 'EQUIPMENT_URL', 'MIS_URL'];
    const gateway = Object.fromEntries(names.map((name) => [name, address]));
    suite = await Suite.start({
      infrastructure: { databases: {} as never, kafkaBrokers: 'none:1' },
      services: { gateway: 1 },
      env: { gateway },
    });
    execFileSync('prlimit', ['--pid', String(suite.gateway[0].pid), `--nofile=${LIMIT}:${LIMIT}`]);
  });
  afterAll(async () => {
    await suite?.stop();
    service.closeAllConnections();
    service.close();
  });
  beforeEach(() => (sockets = []));
  afterEach(() => sockets.forEach((socket) => socket.destroy()));

  const connectMany = async (first: string) => {
    const { hostname, port } = new URL(suite.gateway[0].url);
    for (let i = 0; i < IDLE; i += 1) {
      const socket = connect(Number(port), hostname).on('error', () => undefined);
      socket.resume().write(first);
      sockets.push(socket);
    }
    await Promise.all(sockets.map((socket) => socket.connecting && once(socket, 'connect')));
  };

  it.each([
    ['that never send a request', ''],
    ['that are idle after a request', 'GET /orders HTTP/1.1\r\nHost: localhost\r\n\r\n'],
  ])('survives connections %s, and serves again', async (_, first) => {
    const [gateway] = suite.gateway;
    const { pid } = gateway;
    await connectMany(first);
    await eventually(async () => {
      const { status } = await fetch(`${gateway.url}/orders`, { headers: { connection: 'close' } });
      expect(status).toBe(200);
    }, RECOVERS_WITHIN_MS);
    const metrics = await fetch(`${gateway.managementUrl}/actuator/prometheus`);
    expect(metrics.status).toBe(200);
    expect(gateway.pid).toBe(pid);
    // one line a minute
    const named = gateway.lines.filter((line) => line.includes(`may open ${LIMIT} files`));
    expect([1, 2]).toContain(named.length);
  });
});
