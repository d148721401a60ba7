import { connect } from 'node:net';

// the time limit for a connection that the server should close, but does not
const WITHIN_MS = 30_000;

/**
 * Sends bytes to a server and returns its whole answer when it closes the connection.
 * @throws Error when the server does not close the connection
 */
export const rawAnswer = (url: string, bytes: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    let answer = '';
    const socket = connect(Number(port), hostname, () => socket.write(bytes));
    socket.setTimeout(WITHIN_MS, () =>
      socket.destroy(new Error(`connection still open after: ${answer}`)),
    );
    socket.on('data', (chunk) => (answer += chunk.toString('latin1')));
    socket.on('error', reject);
    socket.on('close', () => resolve(answer));
  });
