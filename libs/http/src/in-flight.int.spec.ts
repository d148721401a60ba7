import { once } from 'node:events';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import Fastify, { type FastifyInstance } from 'fastify';
import { eventually } from '@equipmgnt/testing/jest';
import { countInFlight, type InFlight } from './in-flight.ts';

const REQUESTS = 10;

describe('The count of requests in flight', () => {
  let server: FastifyInstance;
  let inFlight: InFlight;
  let client: Socket;
  let handled: number;

  beforeEach(async () => {
    handled = 0;
    server = Fastify();
    inFlight = countInFlight(server);
    server.get('/never', () => {
      handled += 1;
      return new Promise(() => undefined);
    });
    server.get('/stream', (_request, reply) => {
      handled += 1;
      return reply.send(new Readable({ read: () => undefined }));
    });
    await server.listen({ port: 0, host: '127.0.0.1' });
    const { port } = server.server.address() as AddressInfo;
    client = connect(port, '127.0.0.1').on('error', () => undefined);
    await once(client, 'connect');
  });
  afterEach(async () => {
    client.destroy();
    await server.close();
  });

  it.each(['/never', '/stream'])(
    'forgets pipelined requests to %s when their client disconnects',
    async (path) => {
      client.write(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`.repeat(REQUESTS));
      await eventually(() => handled === REQUESTS);
      expect(inFlight).toMatchObject({ count: REQUESTS, open: REQUESTS });
      expect(inFlight.of('127.0.0.1')).toBe(REQUESTS);
      client.destroy();
      await eventually(() => inFlight.open === 0);
      expect(inFlight.count).toBe(0);
      expect(inFlight.of('127.0.0.1')).toBe(0);
    },
  );
});
