import { once } from 'node:events';
import {
  createConnection,
  createServer,
  type AddressInfo,
  type Server,
  type Socket,
} from 'node:net';
import { freePorts } from '@equipmgnt/testing';
import { TcpProxy } from './tcp-proxy.ts';

describe('The TCP proxy', () => {
  let echo: Server;
  let proxy: TcpProxy;
  let client: Socket;

  beforeEach(async () => {
    echo = createServer((socket) => socket.on('error', () => undefined).pipe(socket));
    echo.listen(0, '127.0.0.1');
    await once(echo, 'listening');
    const { port } = echo.address() as AddressInfo;
    const [free] = await freePorts(1);
    proxy = await TcpProxy.listen(free as number, () => port);
    client = createConnection({ host: '127.0.0.1', port: proxy.port });
    await once(client, 'connect');
  });

  afterEach(async () => {
    client.destroy();
    await proxy.close();
    echo.close();
  });

  const say = async (text: string): Promise<string> => {
    client.write(text);
    const [answer] = await once(client, 'data');
    return String(answer);
  };

  it('passes everything on', async () => {
    expect(await say('hello')).toBe('hello');
  });

  it('delays both directions', async () => {
    proxy.slowDown(60);
    const start = performance.now();
    expect(await say('hello')).toBe('hello');
    expect(performance.now() - start).toBeGreaterThan(110);
  });

  it('drops what is sent during a partition, and resets its connections afterwards', async () => {
    proxy.partition();
    let received = '';
    client.on('data', (chunk) => (received += String(chunk)));
    const broken = once(client, 'error');
    client.write('lost');
    client.write('too');
    proxy.heal();
    const [error] = await broken;
    expect(error).toMatchObject({ code: 'ECONNRESET' });
    expect(received).toBe('');
  });

  it('resets the connections that there are, and takes new ones', async () => {
    const broken = once(client, 'error');
    proxy.reset();
    const [error] = await broken;
    expect(error).toMatchObject({ code: 'ECONNRESET' });
    client = createConnection({ host: '127.0.0.1', port: proxy.port });
    await once(client, 'connect');
    expect(await say('again')).toBe('again');
  });
});
