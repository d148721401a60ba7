import { connect, Socket } from 'node:net';

/**
 * Closes a connection on which no byte has moved for `idleMs`; 0 means never. When a server's machine or
 * network fails, TCP reports nothing for about 15 minutes, and each waiting query would hang as long.
 */
const withIdleTimeout = (idleMs: number, socket: Socket): Socket =>
  socket.setTimeout(idleMs, () => {
    const error = new Error(`the database sent nothing for ${idleMs} ms`);
    socket.destroy(Object.assign(error, { code: 'ETIMEDOUT' }));
  });

/** Makes sockets for node-postgres, which connects them. */
export const postgresSocket = (idleMs: number) => (): Socket =>
  withIdleTimeout(idleMs, new Socket());

/** Makes connecting sockets for mysql2, with the options that mysql2 itself would set. */
export const mariadbSocket =
  (idleMs: number) =>
  ({ config: { port, host } }: { config: { port: number; host: string } }): Socket =>
    withIdleTimeout(idleMs, connect({ port, host, noDelay: true, keepAlive: true }));
