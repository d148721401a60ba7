import { connect } from 'node:net';

// a limit for a connection that is left open where it should end
const WITHIN_MS = 30_000;

/**
 * All that a server answers to these very bytes, until it ends the connection.
 * @throws Error when it leaves the connection open
 */
export const rawAnswer = (url: string, bytes: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    let answer = '';
    const socket = connect(Number(port), hostname, () => socket.write(bytes));
    socket.setTimeout(WITHIN_MS, () => socket.destroy(new Error(`left open after: ${answer}`)));
    socket.on('data', (chunk) => (answer += chunk.toString('latin1')));
    socket.on('error', reject);
    socket.on('close', () => resolve(answer));
  });
