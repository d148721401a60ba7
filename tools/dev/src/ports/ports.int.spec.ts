import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { checkPorts } from './check-ports.ts';
import { freePorts } from '@equipmgnt/testing';
import { portOwner } from './port-owner.ts';

describe('The ports of this machine', () => {
  const server = createServer();
  let port: number;

  beforeAll(async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    ({ port } = server.address() as AddressInfo);
  });
  afterAll(() => server.close());

  it('finds this process as the owner of its port', async () => {
    expect(await portOwner(port)).toBe(process.pid);
  });

  it('reports a port in use, with its owner and a solution', async () => {
    const wanted = [{ port, name: 'order', variable: 'ORDER_PORT' }];
    await expect(checkPorts(wanted)).rejects.toThrow(
      new RegExp(`${port} \\(for order\\) is in use by pid ${process.pid}: .*jest[^]*ORDER_PORT=`),
    );
  });

  it('accepts a free port, which has no owner', async () => {
    const [free] = await freePorts(1);
    expect(await portOwner(free!)).toBeUndefined();
    await checkPorts([{ port: free!, name: 'order', variable: 'ORDER_PORT' }]);
  });

  it('reserves each free port only once', async () => {
    const ports = await freePorts(20);
    expect(new Set(ports).size).toBe(20);
  });
});
