import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { checkPorts } from './check-ports.ts';
import { freePorts } from '@equipmgnt/testing';
import { portOwner } from './port-owner.ts';

describe('a port', () => {
  const server = createServer();
  let port: number;

  beforeAll(async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    ({ port } = server.address() as AddressInfo);
  });
  afterAll(() => server.close());

  it('that is taken is taken by this very process', async () => {
    const owner = await portOwner(port);
    expect(owner?.pid).toBe(process.pid);
    expect(owner?.command).toContain('jest');
  });

  it('that is taken is complained about, with who has it and what to do', async () => {
    const wanted = [{ port, name: 'order', variable: 'ORDER_PORT' }];
    await expect(checkPorts(wanted)).rejects.toThrow(
      new RegExp(`${port}, wanted by order, is taken by pid ${process.pid}: [^]*ORDER_PORT=`),
    );
  });

  it('that is free has no owner, and is no reason to complain', async () => {
    const [free] = await freePorts(1);
    expect(await portOwner(free!)).toBeUndefined();
    await checkPorts([{ port: free!, name: 'order', variable: 'ORDER_PORT' }]);
  });

  it('is handed out once', async () => {
    const ports = await freePorts(20);
    expect(new Set(ports).size).toBe(20);
  });
});
