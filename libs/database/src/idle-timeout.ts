import { connect, Socket } from 'node:net';

/**
 * Longer than any statement may take, and than the relay may wait for Kafka inside a transaction:
 * four requests of 5 s, and the producer's waits between them.
 */
const SILENCE_MS = 25_000;

/**
 * Gives a connection up on which nothing has moved for {@link SILENCE_MS}. A server that went without
 * a word, with its machine or its network, leaves no other trace for a quarter of an hour, and
 * everything that waits for an answer would wait as long.
 */
const limitSilence = (socket: Socket): Socket =>
  socket.setTimeout(SILENCE_MS, () => {
    const error = new Error(`the database has been silent for ${SILENCE_MS} ms`);
    socket.destroy(Object.assign(error, { code: 'ETIMEDOUT' }));
  });

/** A socket for node-postgres, which connects it. */
export const postgresSocket = (): Socket => limitSilence(new Socket());

/** A connecting socket for mysql2, set as it sets its own. */
export const mariadbSocket = ({ config }: { config: { port: number; host: string } }): Socket =>
  limitSilence(connect({ port: config.port, host: config.host, noDelay: true, keepAlive: true }));
