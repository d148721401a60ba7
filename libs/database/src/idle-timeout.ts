import { connect, Socket } from 'node:net';

/**
 * Longer than any statement may take, and longer than the relay may wait for Kafka inside a
 * transaction: four requests of 5 s, and the producer's pauses between them.
 */
const IDLE_TIMEOUT_MS = 25_000;

/**
 * Closes a connection on which no byte has moved for {@link IDLE_TIMEOUT_MS}. When a server's machine
 * or network fails, TCP reports nothing for about 15 minutes, and each waiting query would hang as
 * long.
 */
const withIdleTimeout = (socket: Socket): Socket =>
  socket.setTimeout(IDLE_TIMEOUT_MS, () => {
    const error = new Error(`the database sent nothing for ${IDLE_TIMEOUT_MS} ms`);
    socket.destroy(Object.assign(error, { code: 'ETIMEDOUT' }));
  });

/** A socket for node-postgres, which connects it. */
export const postgresSocket = (): Socket => withIdleTimeout(new Socket());

/** A connecting socket for mysql2, with the options that mysql2 itself would set. */
export const mariadbSocket = ({ config }: { config: { port: number; host: string } }): Socket =>
  withIdleTimeout(
    connect({ port: config.port, host: config.host, noDelay: true, keepAlive: true }),
  );
