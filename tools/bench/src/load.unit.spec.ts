import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { closedLoop, openLoop } from './load.ts';
import { parseStat } from './processes.ts';

describe('The load', () => {
  let server: Server;
  let url: string;
  let answer: RequestListener;

  beforeAll(async () => {
    server = createServer((request, response) => answer(request, response)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => server.close());

  it('counts accepted orders, other answers, and missing ones', async () => {
    let count = 0;
    answer = (request, response) => {
      count += 1;
      if (count % 3 === 0) request.destroy();
      else response.writeHead(count % 3 === 1 ? 202 : 503).end('{}');
    };
    let accepted = 0;
    const load = { url, seconds: 0.1, body: () => '{}', onAccepted: () => (accepted += 1) };
    const { statuses, ...result } = await closedLoop(3, load);
    expect(result.accepted).toBe(accepted);
    expect(Object.keys(statuses)).toEqual(['0', '202', '503']);
    expect(Object.values(statuses).reduce((sum, each) => sum + each)).toBe(count);
  });

  it('counts a latency of the open loop from the time at which the request was due', async () => {
    // all answers wait for the first request's pause, as with a server that hangs
    const pause = new Promise((resolve) => setTimeout(resolve, 300));
    answer = (_, response) => void pause.then(() => response.writeHead(201).end('{}'));
    const result = await openLoop(100, { url, seconds: 0.2, body: () => '{}' });
    expect(result.accepted).toBe(20);
    expect(result.p50).toBeGreaterThan(150);
  });
});

describe('The CPU time of a process', () => {
  it('includes ended children, whatever the name of the process contains', () => {
    const stat = '42 (a) b (c) S 7 1 1 0 -1 0 0 0 0 0 10 20 30 40 20 0 1 0 99';
    expect(parseStat(stat)).toEqual({ pid: 42, parent: 7, cpuUs: 1_000_000 });
  });
});
