import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { NODE } from '@equipmgnt/testing';
import { closedLoop } from './load.ts';

/** The client's CPU time per request, in µs, on the machine to which CPU times are normalised. */
export const REFERENCE_US = 45;

const SECONDS = 1.5;
const CLIENTS = 16;

const SERVER = `
  const answer = Buffer.from('{"id":1}');
  const server = require('node:http').createServer((request, response) => {
    request.resume().on('end', () => response.writeHead(201).end(answer));
  });
  server.listen(0, '127.0.0.1', () => console.log(server.address().port));`;

/**
 * The client's CPU time per request against a server that does nothing, in µs. It shows how fast the
 * machine is at the moment.
 */
export async function calibrate(): Promise<number> {
  const server = spawn(NODE, ['-e', SERVER], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const [port] = await once(createInterface(server.stdout), 'line');
    const load = { url: `http://127.0.0.1:${port}`, body: () => '{"qty":1,"equipmentId":1}' };
    await closedLoop(CLIENTS, { ...load, seconds: SECONDS / 3 }); // compiles the client's code
    const before = process.cpuUsage();
    const { accepted } = await closedLoop(CLIENTS, { ...load, seconds: SECONDS });
    const { user, system } = process.cpuUsage(before);
    return (user + system) / accepted;
  } finally {
    const exited = once(server, 'exit');
    server.kill();
    await exited;
  }
}
