import { once } from 'node:events';
import { createConnection, createServer, type Server, type Socket } from 'node:net';

/**
 * Stands between a client and a server and can fail as networks do. A partition drops what is sent,
 * silently, in both directions; latency delays it; a reset breaks the connections that there are.
 * (The faults and their names follow Toxiproxy's.)
 */
export class TcpProxy {
  readonly port: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #latencyMs = 0;
  #partitioned = false;

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.port = port;
  }

  /** @param target a port of this machine, for each new connection; undefined refuses it */
  static async listen(port: number, target: () => number | undefined): Promise<TcpProxy> {
    const server = createServer();
    server.listen({ port, host: '127.0.0.1' });
    await once(server, 'listening');
    const proxy = new TcpProxy(server, port);
    server.on('connection', (client) => proxy.#connect(client, target()));
    return proxy;
  }

  /** Drops all data silently from now on. */
  partition(): void {
    this.#partitioned = true;
  }

  /** Everything takes so much longer, in both directions. */
  slowDown(ms: number): void {
    this.#latencyMs = ms;
  }

  /** Resets all connections immediately; new ones are possible. */
  reset(): void {
    for (const socket of this.#sockets) breakOff(socket);
  }

  /** The network is well again. What a partition has dropped stays lost: its connections are reset. */
  heal(): void {
    this.#latencyMs = 0;
    if (this.#partitioned) this.reset();
    this.#partitioned = false;
  }

  async close(): Promise<void> {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await once(this.#server, 'close');
  }

  #connect(client: Socket, port: number | undefined): void {
    if (port === undefined) return breakOff(client);
    const server = createConnection({ host: '127.0.0.1', port });
    this.#forward(client, server);
    this.#forward(server, client);
  }

  #forward(from: Socket, to: Socket): void {
    from.setNoDelay(true);
    this.#sockets.add(from);
    from.on('data', (chunk: Buffer) => {
      if (this.#partitioned) return;
      this.#later(() => {
        if (to.writable && !to.write(chunk)) {
          from.pause();
          to.once('drain', () => from.resume());
        }
      });
    });
    from.on('end', () => this.#later(() => to.end()));
    from.on('error', () => breakOff(to));
    from.on('close', () => {
      this.#sockets.delete(from);
      this.#later(() => to.destroy());
    });
  }

  #later(act: () => void): void {
    if (this.#latencyMs === 0) act();
    else setTimeout(act, this.#latencyMs);
  }
}

/**
 * Ends a connection with a reset. One that is closing already is only destroyed: libuv refuses to
 * reset it, and Node, which does not look, would then wait for it for ever when it exits.
 */
function breakOff(socket: Socket): void {
  if (socket.writableEnded) socket.destroy();
  else socket.resetAndDestroy();
}
